"""Log lines: where they go, and which of them."""

import json
from collections.abc import Iterator

import pytest
import structlog

from enclave_dns.observe.logs import configure


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_json_lines_go_to_stderr_and_stdout_stays_clean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("info", is_json=True)
    structlog.get_logger().warning("nameserver state", nameserver="10.0.0.1", state="down")
    captured = capsys.readouterr()
    assert captured.out == ""
    line = json.loads(captured.err)
    assert line["event"] == "nameserver state"
    assert line["level"] == "warning"
    assert line["state"] == "down"


def test_lines_of_a_worker_carry_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", is_json=True, worker=3)
    structlog.get_logger().info("stopped")
    assert json.loads(capsys.readouterr().err)["worker"] == 3


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", is_json=True)
    structlog.get_logger().info("views compiled")
    assert capsys.readouterr().err == ""


def test_a_fault_is_logged_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", is_json=True)
    try:
        raise ValueError("of ours")
    except ValueError:
        structlog.get_logger().exception("a query could not be answered")
    assert "ValueError: of ours" in json.loads(capsys.readouterr().err)["exception"]


def test_people_get_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", is_json=False)
    structlog.get_logger().info("draining")
    assert "draining" in capsys.readouterr().err
