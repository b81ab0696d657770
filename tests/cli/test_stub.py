"""`enclave-dns stub` as a user runs it."""

import re
import signal
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest

from enclave_dns.cli import main
from enclave_dns.cli.stub import is_switched_off
from tests.fakes.front import said
from tests.fakes.processes import daemon, run
from tests.fakes.running import DEVELOPER, document, gateway_file, stub_file

HERE = "127.0.0.1"


def hears(port: int, name: str) -> str:
    query = dns.message.make_query(name, "A")
    return said(dns.query.udp(query, HERE, 20, port).to_wire())


def test_it_answers_through_the_gateway(tmp_path: Path) -> None:
    office = gateway_file(tmp_path / "office", hosts="10.0.0.40 printer")
    with (
        daemon("gateway", office) as gateway,
        daemon("stub", stub_file(tmp_path, gateway.port)) as stub,
    ):
        assert stub.ready == f"ready stub KD9Q2 {HERE}:{stub.port}"
        assert hears(stub.port, "printer") == "NOERROR 10.0.0.40"
        assert hears(stub.port, "_my.id.enclave") == f"NOERROR {DEVELOPER}"
        assert hears(stub.port, "printer.local") == "REFUSED"
        assert gateway.stop(signal.SIGTERM) == (0, "")
        assert hears(stub.port, "another") == "REFUSED"
        assert stub.stop(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize(
    ("settings", "pattern"),
    [
        ({"mis": "refused"}, r".*stub\.toml: mis: .*`miss`.*"),
        ({"miss": "silence"}, r".*stub\.toml: miss: 'silence' is none of .*"),
        ({"gateway_port": 0}, r".*stub\.toml: gateway_port: .*"),
    ],
)
def test_a_problem_of_the_configuration_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], pattern: str
) -> None:
    assert main(["stub", "-c", str(stub_file(tmp_path, **settings))]) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(pattern, line)


@pytest.mark.parametrize("value", ["disabled", "Disabled", "false", "FALSE", "0", "off", " Off "])
def test_enclaves_own_switch_turns_it_off_with_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    value: str,
) -> None:
    monkeypatch.setenv("ENCLAVE_STUB_RESOLVER", value)
    # No configuration is read: whoever has switched it off need not have one.
    assert main(["stub", "-c", str(tmp_path / "absent.toml")]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"enclave-dns stub: not served: ENCLAVE_STUB_RESOLVER is {value}\n"


@pytest.mark.parametrize("value", ["", "enabled", "true", "1", "on", "no"])
def test_any_other_value_of_the_switch_leaves_it_on(value: str) -> None:
    assert not is_switched_off({"ENCLAVE_STUB_RESOLVER": value})
    assert not is_switched_off({})


def test_switched_off_it_ends_as_a_program(tmp_path: Path) -> None:
    done = run("stub", "-c", str(stub_file(tmp_path)), ENCLAVE_STUB_RESOLVER="disabled")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (0, "", 1)


def test_a_fallback_is_no_setting_that_is_left_for_later(tmp_path: Path) -> None:
    settings = {"fallback": "system", "nameservers": ["127.0.0.1:1"]}
    with daemon("stub", stub_file(tmp_path, **settings)) as stub:
        assert hears(stub.port, "www.example.com") == "SERVFAIL"
        assert stub.stop(signal.SIGTERM) == (0, "")
    assert "does not serve" not in stub.log.read_text()


def test_an_organisation_that_the_stub_is_not_in_is_one_line(tmp_path: Path) -> None:
    organisation = document().replace("KD9Q2", "KD9Q9")
    done = run("stub", "-c", str(stub_file(tmp_path, organisation=organisation)))
    assert (done.returncode, done.stdout) == (5, "")
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(r".*organisation\.toml: systems: there is no system KD9Q2.*", line)
