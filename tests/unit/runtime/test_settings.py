"""Settings come from the environment, once, and a wrong one is told in one line."""

import pytest
from pydantic import ValidationError

from contact_runtime.settings import (
    ServiceSettings,
    SettingsWrong,
    load_settings,
    settings_or_exit,
)

GOOD = {
    "KAFKA_BOOTSTRAP": "127.0.0.1:19092",
    "HTTP_PORT": "8101",
    "OPS_PORT": "9101",
    "JWKS": ".polycentre/keys/jwks.json",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ServiceSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_have_the_same_names_and_defaults_in_every_service(
    environment: pytest.MonkeyPatch,
) -> None:
    settings = load_settings(ServiceSettings)
    assert settings.http_port == 8101
    assert settings.host == "127.0.0.1"
    assert settings.partitions == 4
    assert settings.jwt_audience == "polycentre"
    assert settings.allowed_origins == ()


def test_settings_never_change(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        load_settings(ServiceSettings).http_port = 1  # type: ignore[misc]


def test_several_origins_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CORS_ORIGINS", "http://a:5173, http://b")
    assert load_settings(ServiceSettings).allowed_origins == ("http://a:5173", "http://b")


def test_all_missing_and_wrong_settings_are_told_on_one_line_without_their_values(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("KAFKA_BOOTSTRAP")
    environment.setenv("HTTP_PORT", "secret")
    environment.setenv("OPS_PORT", "70000")
    with pytest.raises(SettingsWrong) as told:
        load_settings(ServiceSettings)
    line = str(told.value)
    assert "\n" not in line
    assert "setting KAFKA_BOOTSTRAP is missing" in line
    assert "setting HTTP_PORT is wrong" in line
    assert "setting OPS_PORT is wrong" in line
    assert "secret" not in line and "70000" not in line


def test_an_empty_setting_is_a_missing_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("JWKS", "")
    with pytest.raises(SettingsWrong, match="JWKS is missing"):
        load_settings(ServiceSettings)


def test_a_process_with_wrong_settings_ends_at_once_with_that_line(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("JWKS")
    with pytest.raises(SystemExit) as ended:
        settings_or_exit(ServiceSettings)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "contact_runtime: setting JWKS is missing\n"
