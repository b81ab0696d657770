"""Files, environment and flags become settings; whatever cannot is named."""

import os
from pathlib import Path

import pytest

from enclave_dns.config import (
    Endpoint,
    GatewayConfig,
    StubConfig,
    load_config,
    load_gateway_config,
    load_newer_organisation,
    load_organisation,
    load_stub_config,
)
from enclave_dns.config.loading import MAX_CONFIG, MAX_ORGANISATION
from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.document import Organisation
from enclave_dns.wire.names import from_text

GATEWAY = 'system_id = "A"\norganisation = "o.toml"\nlisten = ["100.64.0.70"]\n'
STUB = 'system_id = "B"\norganisation = "../o.toml"\n'


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_gateways_file_needs_three_settings(tmp_path: Path) -> None:
    path = written(tmp_path, "g.toml", GATEWAY)
    assert load_gateway_config(path, {}) == GatewayConfig(
        file=path,
        system_id="A",
        organisation=tmp_path / "o.toml",
        listen=(Endpoint("100.64.0.70", 53),),
        admin=tmp_path / "gateway.sock",
    )


def test_a_stubs_file_needs_two_settings(tmp_path: Path) -> None:
    path = written(tmp_path, "s.toml", STUB)
    assert load_stub_config(path, {}) == StubConfig(
        file=path,
        system_id="B",
        organisation=tmp_path / "../o.toml",
        admin=tmp_path / "stub.sock",
    )


def test_every_setting_of_a_gateways_file_is_taken(tmp_path: Path) -> None:
    text = GATEWAY + (
        'interface = "wg0"\nhosts_file = "hosts"\nresolv_conf = "/r"\n'
        'nameservers = ["10.0.0.1:54"]\n'
        'only_suffixes = ["corp.net"]\nno_answer_pace = "40ms"\ntimeout = "1s"\nadmin = "a.sock"\n'
        'metrics = "127.0.0.1:1"\nstate_dir = "state"\nworkers = "auto"\nlog_level = "debug"\n'
    )
    assert load_gateway_config(written(tmp_path, "g.toml", text), {}) == GatewayConfig(
        file=tmp_path / "g.toml",
        system_id="A",
        organisation=tmp_path / "o.toml",
        listen=(Endpoint("100.64.0.70"),),
        nameservers=(Endpoint("10.0.0.1", 54),),
        admin=tmp_path / "a.sock",
        metrics=Endpoint("127.0.0.1", 1),
        log_level="debug",
        interface="wg0",
        hosts_file=tmp_path / "hosts",
        resolv_conf=Path("/r"),
        only_suffixes=(from_text("corp.net"),),
        no_answer_pace=0.04,
        timeout=1.0,
        state_dir=tmp_path / "state",
        workers=0,
    )


def test_every_setting_of_a_stubs_file_is_taken(tmp_path: Path) -> None:
    text = (
        '{"systemId": "B", "organisation": "o.json", "listen": ["127.0.0.9:0"], "gatewayPort": 54,'
        ' "sourceAddress": "100.64.0.1", "fallback": "system", "nameservers": ["10.0.0.1"],'
        ' "miss": "nxdomain", "manageDns": true, "stateDir": "state", "admin": "", "metrics": "",'
        ' "logLevel": "error"}'
    )
    assert load_stub_config(written(tmp_path, "s.json", text), {}) == StubConfig(
        file=tmp_path / "s.json",
        system_id="B",
        organisation=tmp_path / "o.json",
        listen=(Endpoint("127.0.0.9", 0),),
        nameservers=(Endpoint("10.0.0.1"),),
        admin=tmp_path / "stub.sock",
        log_level="error",
        source_address="100.64.0.1",
        gateway_port=54,
        fallback="system",
        miss="nxdomain",
        manage_dns=True,
        state_dir=tmp_path / "state",
    )


def test_flags_come_before_environment_file_and_default(tmp_path: Path) -> None:
    path = written(tmp_path, "s.toml", STUB + 'log_level = "error"\n')
    environ = {"ENCLAVE_DNS_LOG_LEVEL": "debug", "ENCLAVE_DNS_MISS": ""}
    flags = {"log_level": "warning", "miss": None}
    assert load_stub_config(path, {}).log_level == "error"
    assert load_stub_config(path, environ).log_level == "debug"
    assert load_stub_config(path, environ, flags).log_level == "warning"
    assert load_stub_config(path, environ, flags).miss == "auto"


def test_the_environment_writes_lists_numbers_and_switches_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, "s.toml", STUB)
    environ = {
        "ENCLAVE_DNS_LISTEN": "127.0.0.1:53,[::1]:53",
        "ENCLAVE_DNS_GATEWAY_PORT": "5353",
        "ENCLAVE_DNS_MANAGE_DNS": "Yes",
        "ENCLAVE_DNS_SOMETHING_ELSE": "1",
    }
    found = load_stub_config(path, environ)
    assert found.listen == (Endpoint("127.0.0.1"), Endpoint("::1"))
    assert found.gateway_port == 5353
    assert found.manage_dns
    path = written(tmp_path, "g.toml", GATEWAY)
    assert load_gateway_config(path, {"ENCLAVE_DNS_WORKERS": "3"}).workers == 3
    assert load_gateway_config(path, {"ENCLAVE_DNS_WORKERS": "auto"}).workers == 0


def test_paths_of_flags_and_environment_are_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = written(tmp_path, "g.toml", GATEWAY)
    environ = {"ENCLAVE_DNS_HOSTS_FILE": "hosts"}
    found = load_gateway_config(path, environ, {"organisation": Path("o.json")})
    assert found.hosts_file == tmp_path / "here" / "hosts"
    assert found.organisation == tmp_path / "here" / "o.json"


def test_paths_of_a_file_that_is_named_relatively_are_absolute_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "g.toml", GATEWAY)
    monkeypatch.chdir(tmp_path)
    assert load_gateway_config("g.toml", {}).organisation == tmp_path / "o.toml"


def test_systemd_gives_the_places_that_the_file_does_not(tmp_path: Path) -> None:
    environ = {"RUNTIME_DIRECTORY": "/run/a:/run/b", "STATE_DIRECTORY": "/var/lib/a"}
    path = written(tmp_path, "g.toml", GATEWAY)
    found = load_gateway_config(path, environ)
    assert (found.admin, found.state_dir) == (Path("/run/a/gateway.sock"), Path("/var/lib/a"))
    path = written(tmp_path, "s.toml", STUB + 'admin = "x.sock"\n')
    stub = load_stub_config(path, environ)
    assert (stub.admin, stub.state_dir) == (tmp_path / "x.sock", Path("/var/lib/a"))
    assert load_stub_config(path, {}).state_dir == Path("/var/lib/enclave-dns")


def test_a_gateway_honours_what_enclaves_agent_reads(tmp_path: Path) -> None:
    environ = {
        "ENCLAVE_GATEWAY_DNS_UPSTREAM_SERVERS": "10.0.0.1, 10.0.0.2",
        "ENCLAVE_GATEWAY_DNS_UPSTREAM_TIMEOUT_MS": "200",
    }
    text = 'nameservers = ["10.9.9.9"]\n'
    found = load_gateway_config(written(tmp_path, "g.toml", GATEWAY + text), environ)
    assert found.nameservers == (Endpoint("10.0.0.1"), Endpoint("10.0.0.2"))
    assert found.timeout == 0.2
    ours = {**environ, "ENCLAVE_DNS_NAMESERVERS": "10.0.0.3"}
    assert load_gateway_config(tmp_path / "g.toml", ours).nameservers == (Endpoint("10.0.0.3"),)
    stub = load_stub_config(written(tmp_path, "s.toml", STUB + text), environ)
    assert stub.nameservers == (Endpoint("10.9.9.9"),)


def test_a_problem_names_flag_variable_or_key(tmp_path: Path) -> None:
    path = written(tmp_path, "s.toml", STUB + 'listen = ["0.0.0.0"]\nmis = "x"\n')
    environ = {"ENCLAVE_DNS_NAMESERVERS": "10.0.0.1,x", "ENCLAVE_DNS_MANAGE_DNS": "perhaps"}
    with pytest.raises(DocumentError) as caught:
        load_stub_config(path, environ, {"log_level": "loud"})
    found = {(p.file, p.key): p.reason for p in caught.value.problems}
    assert found.pop((str(path), "listen[0]")).startswith("0.0.0.0 is a wildcard")
    assert found == {
        (str(path), "mis"): "unknown key",
        ("environment", "ENCLAVE_DNS_NAMESERVERS[1]"): "'x' is no address",
        ("environment", "ENCLAVE_DNS_MANAGE_DNS"): "must be true or false",
        ("command line", "--log-level"): "'loud' is none of debug, info, warning, error",
    }


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        load_gateway_config(written(tmp_path, "g.toml", "workers = 2"), {})
    assert [p.key for p in caught.value.problems] == ["system_id", "organisation", "listen"]


ORGANISATION = 'version = 1\n[[systems]]\nsystem_id = "A"\nvirtual_address = "100.64.0.1"\n'


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("x.toml", ORGANISATION, Organisation),
        ("x.json", '{"version": 1, "policies": []}', Organisation),
        ("x.toml", GATEWAY + "workers = 1", GatewayConfig),
        ("x.toml", STUB + "gateway_port = 53", StubConfig),
        ("x.json", '{"systemId": "A", "organisation": "o", "gatewayPort": 53}', StubConfig),
        ("my-gateway.toml", GATEWAY, GatewayConfig),
        ("stub.toml", GATEWAY, StubConfig),
    ],
)
def test_a_file_is_what_its_keys_say_and_then_its_name(
    tmp_path: Path, name: str, text: str, kind: type[object]
) -> None:
    assert isinstance(load_config(written(tmp_path, name, text), {}), kind)


@pytest.mark.parametrize("text", [GATEWAY, "a = 1", GATEWAY + "workers = 1\ngateway_port = 53\n"])
def test_where_nothing_decides_the_user_must(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, "x.toml", text)
    with pytest.raises(DocumentError) as caught:
        load_config(path, {})
    (problem,) = caught.value.problems
    assert problem.reason == "is neither a gateway's, a stub's nor an organisation's file"
    assert "`hosts_file`, `source_address` or `systems`" in problem.suggestion


def test_an_organisation_is_no_configuration(tmp_path: Path) -> None:
    path = written(tmp_path, "o.toml", ORGANISATION)
    with pytest.raises(DocumentError) as caught:
        load_gateway_config(path, {})
    assert "is an organisation" in str(caught.value)


def test_an_organisation_is_loaded_under_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, "o.toml", ORGANISATION)
    assert load_organisation(path).file == str(path)
    assert load_organisation(str(path)) == load_config(path, {})


def refused(path: Path) -> set[tuple[Problem, ...]]:
    found = set()
    loads = (
        lambda: load_organisation(path),
        lambda: load_gateway_config(path, {}),
        lambda: load_stub_config(path, {}),
        lambda: load_config(path, {}),
    )
    for load in loads:
        with pytest.raises(DocumentError) as caught:
            load()
        found.add(caught.value.problems)
    return found


def test_what_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "fifo.toml")
    written(tmp_path, "empty.toml", "")
    (tmp_path / "binary.json").write_bytes(bytes(range(256)))
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    expected = {
        "missing.toml": "cannot be read: no such file",
        "folder.toml": "cannot be read: not a regular file",
        "fifo.toml": "cannot be read: not a regular file",
        "loop.toml": "cannot be read: ",
        "empty.toml": "is empty",
        "binary.json": "is not UTF-8 text",
    }
    for name, reason in expected.items():
        ((problem,),) = refused(tmp_path / name)
        assert problem.file == str(tmp_path / name)
        assert problem.reason.startswith(reason)


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, "g.toml", GATEWAY + "#" * MAX_CONFIG)
    for load in (load_gateway_config, load_stub_config, load_config):
        with pytest.raises(DocumentError, match="is larger than 1 MiB"):
            load(path, {})
    with path.open("wb") as file:
        file.truncate(MAX_ORGANISATION + 1)
    with pytest.raises(DocumentError, match="is larger than 64 MiB"):
        load_organisation(path)


def test_a_newer_document_comes_with_our_system_and_an_older_one_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "organisation.toml"
    system = '[[systems]]\nsystem_id = "A"\nvirtual_address = "100.64.0.1"\n'
    path.write_text(f"version = 2\n{system}")
    running = load_organisation(path)
    path.write_text(f"version = 3\n{system}")
    organisation, own = load_newer_organisation(path, running, "A")
    assert (organisation.version, own.system_id) == (3, "A")
    for text, reason in (
        (f"version = 1\n{system}", "lower than the running"),
        (f"version = 3\n{system}is_enabled = false\n", "disabled"),
        ("version = 3\n", "no system A"),
        ("version =", "TOML"),
    ):
        path.write_text(text)
        with pytest.raises(DocumentError, match=reason):
            load_newer_organisation(path, running, "A")
