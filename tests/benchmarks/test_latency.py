"""The measurement itself, a few samples of it: what comes out, not how long anything took."""

import sys

import pytest

from tests.benchmarks import latency
from tests.benchmarks.latency import Samples, main, measured


def test_every_name_is_measured_once() -> None:
    samples = measured(0, 1, "20ms", 3)
    assert (len(samples.hidden), len(samples.absent)) == (3, 3)


@pytest.mark.parametrize(
    ("absent", "status"), [([1.0, 2.0, 3.0, 4.0], 0), ([1.0, 2.0, 3.0, 9.0], 0), ([9.0] * 4, 1)]
)
def test_the_exit_status_says_whether_they_can_be_told_apart(
    absent: list[float],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    samples = Samples([1.0, 2.0, 3.0, 4.0], absent)
    monkeypatch.setattr(latency, "measured", lambda *_: samples)
    monkeypatch.setattr(sys, "argv", ["latency", "--no-answer-pace", "0ms"])
    assert main() == status
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3 + len(latency.DELAYS)
    assert "no_answer_pace 0ms, 500 samples each" in out
    assert bool(err) == bool(status)
