"""`enclave-dns gateway` as a user runs it."""

import json
import re
import signal
import socket
import time
from pathlib import Path

import dns.message
import dns.query
import pytest

from enclave_dns.cli import main
from tests.fakes.clients import PAUSE, TRIES
from tests.fakes.front import said
from tests.fakes.processes import daemon, run
from tests.fakes.running import CONTRACTOR, DEVELOPER, GATEWAY, document, gateway_file


def hears(port: int, source: str, name: str) -> str:
    query = dns.message.make_query(name, "A")
    return said(dns.query.udp(query, GATEWAY, 20, port, source).to_wire())


def test_it_answers_by_policy_and_reloads(tmp_path: Path) -> None:
    file = gateway_file(tmp_path, hosts="10.0.0.40 printer")
    with daemon("gateway", file) as gateway:
        assert gateway.ready == f"ready gateway WZL94 {GATEWAY}:{gateway.port}"
        assert hears(gateway.port, DEVELOPER, "printer") == "NOERROR 10.0.0.40"
        assert hears(gateway.port, CONTRACTOR, "_my.id.enclave") == f"NOERROR {GATEWAY}"
        (tmp_path / "hosts").write_text("10.0.0.41 printer")
        gateway.process.send_signal(signal.SIGHUP)
        for _ in range(1000):
            if hears(gateway.port, DEVELOPER, "printer") == "NOERROR 10.0.0.41":
                break
        assert hears(gateway.port, DEVELOPER, "printer") == "NOERROR 10.0.0.41"
        assert gateway.stop(signal.SIGTERM) == (0, "")


def test_several_processes_are_one_gateway(tmp_path: Path) -> None:
    file = gateway_file(tmp_path, hosts="10.0.0.40 printer", workers=2)
    with daemon("gateway", file, "--json") as gateway:
        assert gateway.ready == f"ready gateway WZL94 {GATEWAY}:{gateway.port}"
        for _ in range(20):
            assert hears(gateway.port, DEVELOPER, "printer") == "NOERROR 10.0.0.40"
        assert gateway.stop(signal.SIGTERM) == (0, "")
        log = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    assert [entry["worker"] for entry in log if entry["event"] == "worker serves"] in (
        [1, 2],
        [2, 1],
    )
    assert log[-1]["event"] == "stopped"
    assert is_free(gateway.port)


def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    with daemon("gateway", gateway_file(tmp_path, workers=2)) as gateway:
        assert not is_free(gateway.port)
        gateway.stop(signal.SIGKILL)
        for _ in range(TRIES):
            if is_free(gateway.port):
                break
            time.sleep(PAUSE)
        assert is_free(gateway.port)


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((GATEWAY, port))
        except OSError:
            return False
        return True


def assert_lines(said: str, patterns: list[str]) -> None:
    lines = said.splitlines()
    assert len(lines) == len(patterns), said
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.fullmatch(pattern, line)


@pytest.mark.parametrize(
    ("settings", "patterns"),
    [
        (
            {"hosts_fil": "hosts", "timout": "1s"},
            [r".*gateway\.toml: hosts_fil: .*`hosts_file`.*", r".*: timout: .*`timeout`.*"],
        ),
        ({"listen": ["0.0.0.0:53"]}, [r".*gateway\.toml: listen.*wildcard.*virtual address.*"]),
        ({"organisation_file": "x"}, [r".*: organisation_file: .*"]),
    ],
)
def test_each_problem_of_the_configuration_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, object],
    patterns: list[str],
) -> None:
    assert main(["gateway", "-c", str(gateway_file(tmp_path, **settings))]) == 5
    said = capsys.readouterr()
    assert said.out == ""
    assert_lines(said.err, patterns)


def test_a_file_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gateway", "-c", str(tmp_path / "none.toml")]) == 5
    assert_lines(capsys.readouterr().err, [r".*none\.toml: cannot be read: no such file"])


def test_each_problem_of_the_organisation_is_one_line(tmp_path: Path) -> None:
    mistakes = document(more='a = 1\nb = "2"').replace("127.100.64.13", "127.1.1.999")
    done = run("gateway", "-c", str(gateway_file(tmp_path, organisation=mistakes)))
    assert (done.returncode, done.stdout) == (5, "")
    assert_lines(
        done.stderr,
        [rf".*organisation\.toml: {key}.*" for key in ("systems.*virtual_address",)]
        + [rf".*organisation\.toml: policies\[0\]\.{key}: .*" for key in ("a", "b")],
    )


def test_a_port_in_use_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((GATEWAY, 0))
        place = f"{GATEWAY}:{taken.getsockname()[1]}"
        file = gateway_file(tmp_path, listen=[place])
        done = run("gateway", "-c", str(file), "--log-level", "warning")
    assert (done.returncode, done.stdout) == (1, "")
    start = re.escape(f"enclave-dns: cannot listen on {place}: the port is in use; ")
    assert_lines(done.stderr, [start + r".*change `listen`"])
