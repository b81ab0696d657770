"""resolv.conf as programs really write it, and whom we ask in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.sources.nameserver import Nameserver, Origin
from enclave_dns.sources.resolv_conf import (
    MAX_NAMESERVERS,
    ResolvConf,
    choose_nameservers,
    parse_resolv_conf,
)


def servers(text: str) -> list[str]:
    return [str(server) for server in parse_resolv_conf(text.encode()).nameservers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("nameserver 1.1.1.1\n", ["1.1.1.1"]),
        ("nameserver\t1.1.1.1\r\nnameserver 9.9.9.9\r\n", ["1.1.1.1", "9.9.9.9"]),
        ("nameserver 1.1.1.1  # eth0:v4", ["1.1.1.1"]),
        ("nameserver 1.1.1.1;x\n;nameserver 2.2.2.2\n# nameserver 3.3.3.3", ["1.1.1.1"]),
        ("nameserver 1.1.1.1#x", ["1.1.1.1"]),
        ("  nameserver 1.1.1.1", ["1.1.1.1"]),
        ("nameserver fe80::1%eth0", ["fe80::1%eth0"]),
        ("nameserver fe80::1%3", ["fe80::1%3"]),
        ("\ufeffnameserver 1.1.1.1", ["1.1.1.1"]),
        (
            "\n".join(f"nameserver 10.0.0.{n}" for n in range(1, 8)),
            [f"10.0.0.{n}" for n in range(1, 8)],
        ),
        ("nameserver\nnameserver invalid IP\nnameservers 1.2.3.4\nnameserver 1.1.1.1", ["1.1.1.1"]),
        ("nameserver 1.1.1.1:53\nnameserver [::1]\nnameserver 10.1", []),
    ],
)
def test_every_nameserver_is_read(text: str, expected: list[str]) -> None:
    assert servers(text) == expected


def test_more_than_the_bound_and_bad_ones_are_reported() -> None:
    text = "nameserver dns.corp.net\n" + "".join(
        f"nameserver 10.0.{n}.1\n" for n in range(MAX_NAMESERVERS + 100)
    )
    conf = parse_resolv_conf(text.encode())
    assert len(conf.nameservers) == MAX_NAMESERVERS
    assert str(conf.skipped[0]) == "dns.corp.net: not an IP address"
    assert len(conf.skipped) <= 32


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ResolvConf()),
        ("timeout:1 attempts:3 rotate", ResolvConf(timeout=1.0, attempts=3, rotate=True)),
        ("timeout:0 attempts:0", ResolvConf(timeout=1.0, attempts=1)),
        ("timeout:99 attempts:99 ndots:99", ResolvConf(timeout=30.0, attempts=5, ndots=15)),
        ("timeout:" + "9" * 5000, ResolvConf(timeout=30.0)),
        ("timeout:x attempts:-1 timeout attempts: rotate:1", ResolvConf()),
        ("use-vc edns0 trust-ad", ResolvConf(use_vc=True, edns0=True, trust_ad=True)),
        ("ndots:2 inet6 single-request # rotate", ResolvConf(ndots=2)),
    ],
)
def test_options_are_read_within_the_caps_of_glibc(options: str, expected: ResolvConf) -> None:
    assert parse_resolv_conf(b"options " + options.encode()) == expected


def test_later_option_lines_win() -> None:
    conf = parse_resolv_conf(b"options timeout:3 rotate\noptions timeout:2\n")
    assert (conf.timeout, conf.rotate) == (2.0, True)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(text: bytes) -> None:
    conf = parse_resolv_conf(text)
    assert 1 <= conf.timeout <= 30
    assert 1 <= conf.attempts <= 5


def conf(*addresses: str) -> ResolvConf:
    return ResolvConf(tuple(Nameserver(address) for address in addresses))


LISTENING = frozenset({("100.64.0.70", 53), ("127.0.0.1", 5300)})


@pytest.mark.parametrize(
    ("own", "systemd", "expected", "origin"),
    [
        (conf("10.0.0.1", "10.0.0.2"), None, ["10.0.0.1", "10.0.0.2"], Origin.RESOLV_CONF),
        (conf("10.0.0.1", "10.0.0.1"), None, ["10.0.0.1"], Origin.RESOLV_CONF),
        (conf("100.64.0.70", "10.0.0.1"), None, ["10.0.0.1"], Origin.RESOLV_CONF),
        (conf("100.64.0.70"), None, [], Origin.RESOLV_CONF),
        (conf("127.0.0.1"), None, ["127.0.0.1"], Origin.RESOLV_CONF),
        (
            conf("127.0.0.53"),
            conf("10.0.0.1", "10.0.0.2"),
            ["10.0.0.1", "10.0.0.2"],
            Origin.SYSTEMD,
        ),
        (
            conf("127.0.0.54", "10.9.9.9"),
            conf("10.0.0.1"),
            ["10.0.0.1", "10.9.9.9"],
            Origin.SYSTEMD,
        ),
        (conf("127.0.0.53"), conf("10.0.0.1", "100.64.0.70"), ["10.0.0.1"], Origin.SYSTEMD),
        (conf("127.0.0.53"), None, ["127.0.0.53"], Origin.RESOLV_CONF),
        (conf("127.0.0.53"), conf(), ["127.0.0.53"], Origin.RESOLV_CONF),
        (conf("127.0.0.53"), conf("127.0.0.53"), ["127.0.0.53"], Origin.RESOLV_CONF),
        (conf("10.0.0.1"), conf("10.0.0.2"), ["10.0.0.1"], Origin.RESOLV_CONF),
        (conf(), None, ["127.0.0.1"], Origin.DEFAULT),
    ],
)
def test_the_servers_to_ask(
    own: ResolvConf, systemd: ResolvConf | None, expected: list[str], origin: Origin
) -> None:
    selected = choose_nameservers(own, systemd, LISTENING)
    assert [str(server) for server in selected.nameservers] == expected
    assert selected.origin is origin


def test_the_default_is_skipped_where_it_is_ourselves() -> None:
    selected = choose_nameservers(ResolvConf(), listening=frozenset({("127.0.0.1", 53)}))
    assert selected.nameservers == ()
    assert [str(skipped) for skipped in selected.skipped] == ["127.0.0.1: our own listen address"]


def test_a_configured_list_replaces_the_file_and_its_options() -> None:
    own = ResolvConf((Nameserver("10.0.0.1"),), timeout=1.0, rotate=True)
    configured = (Nameserver("127.0.0.53"), Nameserver("127.0.0.1", "", 5300))
    selected = choose_nameservers(own, conf("10.0.0.2"), LISTENING, configured)
    assert selected.nameservers == (Nameserver("127.0.0.53"),)
    assert (selected.timeout, selected.rotate, selected.origin) == (5.0, False, Origin.CONFIGURED)


@pytest.mark.parametrize("configured", [(), (Nameserver("127.0.0.54"), Nameserver("10.0.0.1"))])
def test_a_systemd_stub_that_asks_us_is_never_asked(configured: tuple[Nameserver, ...]) -> None:
    own = conf("127.0.0.53", "10.0.0.1")
    selected = choose_nameservers(own, conf(), LISTENING, configured, is_behind_systemd=True)
    assert selected.nameservers == (Nameserver("10.0.0.1"),)
    assert [skipped.why for skipped in selected.skipped] == ["systemd-resolved asks us"]
    behind = choose_nameservers(own, conf("10.0.0.2"), LISTENING, is_behind_systemd=True)
    assert [str(server) for server in behind.nameservers] == ["10.0.0.2", "10.0.0.1"]


def test_the_options_and_the_reports_of_the_file_travel_along() -> None:
    own = parse_resolv_conf(b"nameserver x\nnameserver 10.0.0.1\noptions rotate use-vc attempts:1")
    selected = choose_nameservers(own)
    assert (selected.rotate, selected.use_vc, selected.attempts) == (True, True, 1)
    assert [skipped.what for skipped in selected.skipped] == ["x"]
