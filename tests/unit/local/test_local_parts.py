"""What a machine must bring along is found, named, and never guessed."""

import stat
from pathlib import Path

import pytest

from deploy.local import uv
from deploy.local.parts import JAVA, MAVEN, NODE, Part, install_command, missing
from deploy.local.setup import SetupFailed, bring_system_parts


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("says", "good"),
    [
        ("echo 'openjdk version \"17.0.15\" 2025-04-15' >&2", True),
        ("echo 'java version \"1.8.0_402\"' >&2", False),
        ("echo 'openjdk version \"21\" 2023-09-19' >&2", True),
        ("exit 1", False),
    ],
)
def test_a_java_is_good_from_17_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, good: bool
) -> None:
    path = program(tmp_path, "java", says)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert JAVA.found() == (str(path) if good else None)


def test_what_is_missing_is_said_in_one_line_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "node", "echo v18.19.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = missing([NODE, MAVEN])
    assert [part.wanted for part in lacking] == ["node >= 20", "mvn"]
    assert install_command(lacking) == "sudo apt-get install -y nodejs maven"


def test_the_first_of_several_names_that_runs_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "chromium", "exit 127")
    other = program(tmp_path, "google-chrome", "echo Google Chrome 140.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    browser = Part("chromium", ("chromium", "google-chrome"), "chromium")
    assert browser.found() == str(other)


def test_a_uv_that_is_there_and_new_enough_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(tmp_path, "uv", "echo uv 0.13.9")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert uv.uv_command(tmp_path / "tools") == str(path)


def test_a_uv_that_is_too_old_or_broken_is_passed_over_for_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "uv", "echo uv 0.4.1")
    own = tmp_path / "tools" / "uv" / "bin"
    own.mkdir(parents=True)
    ours = program(own, "uv", "echo uv 0.13.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert uv.uv_command(tmp_path / "tools") == str(ours)


def test_a_part_that_the_tests_lack_is_an_error_for_ci_and_advice_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupFailed, match="missing for the tests: chromium"):
        bring_system_parts(strict=True)
    bring_system_parts(strict=False)
    assert "sudo apt-get install -y chromium kubernetes-client" in capsys.readouterr().err
