"""What the runner says, and that every target is one."""

import importlib
import sys

import pytest

from tests.fuzz.run import TARGETS, Outcome, main, seeds_of


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_run_and_has_inputs_to_begin_with(target: str) -> None:
    module = importlib.import_module(f"tests.fuzz.{target}")
    assert all(callable(part) for part in (module.made, module.judge))
    sizes = [path.stat().st_size for path in seeds_of(target).iterdir()]
    assert sizes
    assert max(sizes) <= module.MAX_LEN


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("data", [b"", b"\0", bytes(40), b"\xff" * 300])
def test_every_target_takes_any_bytes(target: str, data: bytes) -> None:
    module = importlib.import_module(f"tests.fuzz.{target}")
    module.judge(data, module.made(data))


def test_without_a_target_the_targets_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run"])
    assert main() == 0
    out = capsys.readouterr().out
    assert [target for target in TARGETS if f"  {target} " in out] == list(TARGETS)


def test_a_line_per_target_says_what_came_of_it() -> None:
    line = " ".join(str(Outcome("query", 1234567, (), 98)).split())
    assert line == "query 1,234,567 executions 0 findings 98 inputs"
    line = " ".join(str(Outcome("stub", None, ("timeout-1f",), 7)).split())
    assert line == "stub did not end 1 findings 7 inputs timeout-1f"
