"""Encodings of a hidden IPv4 address, and what the rule says of each; the same of a permitted one.

`H` stands for the address: every row is tried with a hidden and with a permitted one, in a
restricted and in an open view.
"""

from ipaddress import IPv4Address, ip_network

import pytest

from enclave_dns.disclosure.holders import permitted_form
from enclave_dns.disclosure.literals import holds_hidden
from enclave_dns.disclosure.ranges import Range, Ranges, without
from enclave_dns.disclosure.view import View
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.svcb import IPV4HINT, IPV6HINT, Service, read_service

HIDDEN = IPv4Address("10.77.201.66")
PERMITTED = IPv4Address("10.77.202.65")
HOLE = Range(4, int(HIDDEN), int(HIDDEN))
NAME = from_text("x.corp.net")
ALL = (Range(4, 0, (1 << 32) - 1), Range(6, 0, (1 << 128) - 1))
VIEWS = {
    "open": View(Ranges.of([*without(ALL[0], [HOLE]), ALL[1]]), is_open=True),
    "restricted": View(
        Ranges.of([Range(4, *(int(ip_network("10.77.202.0/24")[at]) for at in (0, -1))), ALL[1]])
    ),
}


def spellings(address: IPv4Address) -> dict[str, str]:
    """Texts that hold an address, by what they are."""
    a, b, c, d = address.packed
    low = (b << 16) + (c << 8) + d
    mapped = f"{a:x}{b:02x}:{c:x}{d:02x}"
    return {
        "plain": f"{address}",
        "behind a word": f"host {address} up",
        "spf": f"v=spf1 ip4:{address} -all",
        "url": f"http://{address}:8080/x",
        "comma": f"1,{address},2",
        "full stop": f"It is {address}.",
        "glued to letters": f"v{address}x",
        "underscore": f"ip_{address}_",
        "with a port behind a dot": f"{address}.53",
        "in a longer row": f"1.{address}",
        "two dots": f"..{address}",
        "in a name": f"{address}.nip.io",
        "octal": f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        "octal, padded": f"{a:04o}.{b:04o}.{c:04o}.{d:04o}",
        "decimal, padded": f"{a:03}.{b:03}.{c:03}.{d:03}",
        "hexadecimal": f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        "hexadecimal, capital": f"0X{a:X}.{b}.{c}.{d}",
        "three parts": f"{a}.{b}.{(c << 8) + d}",
        "two parts": f"{a}.{low}",
        "two parts, hexadecimal": f"0x{a:x}.0x{low:x}",
        "prefix": f"{address}/32",
        "shorter prefix": f"{address}/31",
        "range": f"{address}-{address}",
        "range with blanks": f"{address} - {address}",
        "range of the last octet": f"{a}.{b}.{c}.{d - 1}-{d + 1}",
        "reversed": f"{d}.{c}.{b}.{a}.in-addr.arpa",
        "reversed, capital": f"{d}.{c}.{b}.{a}.IN-ADDR.ARPA.",
        "v6 mapped": f"::ffff:{address}",
        "v6 mapped, hexadecimal": f"::ffff:{mapped}",
        "v6 compatible": f"::{mapped}",
        "NAT64": f"64:ff9b::{mapped}",
        "NAT64, bracketed": f"[64:ff9b::{address}]:53",
        "NAT64, local": f"64:ff9b:1::{mapped}",
        "6to4": f"2002:{mapped}::1",
        "6to4 prefix": f"2002:{mapped}::/48",
        "SIIT": f"::ffff:0:{mapped}",
        "Teredo server": f"2001:0:{mapped}::1",
        "ISATAP": f"2001:db8::5efe:{mapped}",
        "v6 before a name": f"64:ff9b::{mapped}.example.com",
        "v6 before a colon": f"64:ff9b::{mapped}: here",
        "v6 in an ellipsis": f"2001:db8::1...64:ff9b::{mapped}",
        "v6 spf": f"ip6:64:ff9b::{mapped}",
    }


def addresses(address: IPv4Address) -> dict[str, bytes]:
    """IPv6 addresses that hold an IPv4 address."""
    v4 = address.packed
    flipped = bytes(0xFF ^ octet for octet in v4)
    return {
        "mapped": bytes(10) + b"\xff\xff" + v4,
        "compatible": bytes(12) + v4,
        "SIIT": bytes(8) + b"\xff\xff\0\0" + v4,
        "NAT64": b"\0\x64\xff\x9b" + bytes(8) + v4,
        "NAT64 local /96": b"\0\x64\xff\x9b\0\1" + bytes(6) + v4,
        "NAT64 local /48": b"\0\x64\xff\x9b\0\1" + v4[:2] + b"\0" + v4[2:] + bytes(5),
        "NAT64 local /56": b"\0\x64\xff\x9b\0\1\0" + v4[:1] + b"\0" + v4[1:] + bytes(4),
        "NAT64 local /64": b"\0\x64\xff\x9b\0\1\0\0\0" + v4 + bytes(3),
        "6to4": b"\x20\x02" + v4 + bytes(10),
        "Teredo server": b"\x20\x01\0\0"
        + v4
        + bytes(4)
        + bytes(0xFF ^ o for o in PERMITTED.packed),
        "Teredo client": b"\x20\x01\0\0" + PERMITTED.packed + bytes(4) + flipped,
        "ISATAP": b"\x20\x01\x0d\xb8" + bytes(4) + b"\0\0\x5e\xfe" + v4,
        "ISATAP, global": b"\x20\x01\x0d\xb8" + bytes(4) + b"\2\0\x5e\xfe" + v4,
    }


def holders(address: IPv4Address) -> dict[str, tuple[int, bytes]]:
    """RDATA of other types that holds an address: type and bytes."""
    v4 = address.packed
    mapped = bytes(10) + b"\xff\xff" + v4
    return {
        "APL": (42, b"\0\1\x20\4" + v4),
        "APL, negated": (42, b"\0\1\x20\x84" + v4),
        "APL, second item": (42, b"\0\1\x20\4" + PERMITTED.packed + b"\0\1\x20\4" + v4),
        "APL, prefix": (42, b"\0\1\x1f\4" + v4),
        "APL, v6": (42, b"\0\2\x80\x10" + mapped),
        "IPSECKEY": (45, b"\1\1\2" + v4 + b"key"),
        "IPSECKEY, v6": (45, b"\1\2\2" + mapped + b"key"),
        "AMTRELAY": (260, b"\1\1" + v4),
        "AMTRELAY, discovery": (260, b"\1\x81" + v4),
        "AMTRELAY, v6": (260, b"\1\2" + mapped),
        "WKS": (11, v4 + b"\6\xff"),
        "A6": (38, b"\0" + mapped),
        "L32": (105, b"\0\1" + v4),
        "L64": (106, b"\0\1" + b"\x20\x02" + v4 + b"\0\0"),
        "TXT": (16, _strings(str(address))),
        "TXT in two strings": (16, _strings(str(address)[:5], str(address)[5:])),
        "URI": (256, b"\0\1\0\1http://" + str(address).encode()),
        "NAPTR": (35, b"\0\1\0\1" + _strings("u", "x", f"!^.*$!{address}!") + b"\0"),
        "CAA": (257, b"\0\5iodef" + str(address).encode()),
    }


def _strings(*texts: str) -> bytes:
    return b"".join(bytes((len(text),)) + text.encode() for text in texts)


def test_the_tables_are_long_enough() -> None:
    assert len(spellings(HIDDEN)) + len(addresses(HIDDEN)) + len(holders(HIDDEN)) >= 40


@pytest.mark.parametrize("kind", spellings(HIDDEN))
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_text_with_a_hidden_address_is_told_from_all_other_text(view: View, kind: str) -> None:
    assert holds_hidden(view, spellings(HIDDEN)[kind])


@pytest.mark.parametrize(
    "kind", sorted(spellings(PERMITTED).keys() - {"in a longer row", "with a port behind a dot"})
)
def test_text_with_a_permitted_address_hides_nothing_in_a_view_of_everything(kind: str) -> None:
    # Octets written with zeros in front are read as octal too, and both readings count.
    view = View(Ranges.of([*without(ALL[0], [HOLE]), ALL[1]]), is_open=True)
    assert not holds_hidden(view, spellings(PERMITTED)[kind])


@pytest.mark.parametrize("kind", addresses(HIDDEN))
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_ipv6_address_is_judged_by_what_it_holds(view: View, kind: str) -> None:
    assert not view.permits(addresses(HIDDEN)[kind])
    hint = Service(1, b"\0", ((IPV6HINT, addresses(HIDDEN)[kind]),))
    assert permitted_form(view, Record(NAME, RRType.HTTPS, 60, hint.rdata())) == b"\0\1\0"


@pytest.mark.parametrize("kind", ["mapped", "compatible", "SIIT", "NAT64", "6to4", "ISATAP"])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_ipv6_address_that_holds_a_permitted_one_is_permitted(view: View, kind: str) -> None:
    assert view.permits(addresses(PERMITTED)[kind])


@pytest.mark.parametrize("kind", holders(HIDDEN))
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_rdata_that_holds_a_hidden_address_does_not_leave(view: View, kind: str) -> None:
    rtype, rdata = holders(HIDDEN)[kind]
    assert permitted_form(view, Record(NAME, rtype, 60, rdata)) is None


@pytest.mark.parametrize("kind", holders(PERMITTED))
def test_rdata_that_holds_a_permitted_address_leaves_as_it_is(kind: str) -> None:
    rtype, rdata = holders(PERMITTED)[kind]
    assert permitted_form(VIEWS["open"], Record(NAME, rtype, 60, rdata)) == rdata


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_hints_are_judged_one_by_one(view: View) -> None:
    service = Service(1, b"\0", ((IPV4HINT, HIDDEN.packed + PERMITTED.packed),))
    form = permitted_form(view, Record(NAME, RRType.SVCB, 60, service.rdata()))
    assert form is not None
    assert read_service(form) == Service(1, b"\0", ((IPV4HINT, PERMITTED.packed),))
