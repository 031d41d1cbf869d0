"""What may be said to `python -m router`."""

import pytest

from router.__main__ import run


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["replay"], "--verify"),
        (["replay", "--verify", "0"], "expected 2 arguments"),
        (["replay", "--bootstrap", "k:1", "--verify", "5", "1"], "takes offsets"),
        (["replay", "--bootstrap", "k:1", "--verify", "x", "end"], "takes offsets"),
        (["replay", "--verify", "0", "end"], "--bootstrap"),
        (["repla"], "usage"),
        (["explain", "now"], "usage"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(
    words: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(run(words))
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
