"""SVCB and HTTPS RDATA: read as strictly as RFC 9460 has it, and as dnspython does."""

import io

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.wire.names import ROOT, from_text
from enclave_dns.wire.svcb import (
    ALPN,
    ECH,
    IPV4HINT,
    IPV6HINT,
    MANDATORY,
    NO_DEFAULT_ALPN,
    PORT,
    Service,
    addresses,
    read_service,
)

TARGET = from_text("svc.corp.net")
H2 = b"\x02h2"
V4 = bytes((10, 0, 0, 1))
V6 = bytes(15) + b"\x09"


def raw(*params: tuple[int, bytes], priority: int = 1, target: bytes = TARGET) -> bytes:
    return Service(priority, target, params).rdata()


def key(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2) for number in numbers)


@pytest.mark.parametrize(
    "rdata",
    [
        raw(),
        raw(target=ROOT),
        raw(priority=0),
        raw((ALPN, H2 + b"\x02h3"), (PORT, key(443))),
        raw((ALPN, H2), (NO_DEFAULT_ALPN, b"")),
        raw((IPV4HINT, V4 + V4), (IPV6HINT, V6)),
        raw((MANDATORY, key(ALPN, IPV4HINT)), (ALPN, H2), (IPV4HINT, V4)),
        raw((MANDATORY, key(65280)), (65280, b"x")),
        raw((ECH, b"anything"), (4711, b"")),
    ],
)
def test_what_keeps_the_rules_is_read_and_written_back(rdata: bytes) -> None:
    service = read_service(rdata)
    assert service is not None
    assert service.rdata() == rdata
    assert service.is_alias is (rdata[:2] == bytes(2))


@pytest.mark.parametrize(
    "rdata",
    [
        b"",
        b"\0",
        b"\0\1",
        b"\0\1\3ww",
        b"\0\1\xc0\x0c",
        b"\0\1" + b"\x3f" + b"a" * 63 + (b"\x3f" + b"b" * 63) * 3 + b"\0",
        raw() + b"\0",
        raw() + b"\0\1\0",
        raw() + b"\0\1\0\4\2h2",
        raw((PORT, key(1)), (ALPN, H2)),
        raw((ALPN, H2), (ALPN, H2)),
        raw((IPV4HINT, V4), (IPV4HINT, V4)),
        raw((IPV4HINT, b"")),
        raw((IPV4HINT, V4[:3])),
        raw((IPV4HINT, V4 + b"\0")),
        raw((IPV6HINT, b"")),
        raw((IPV6HINT, V4)),
        raw((PORT, b"")),
        raw((PORT, b"\1")),
        raw((PORT, b"\0\1\2")),
        raw((ALPN, b"")),
        raw((ALPN, b"\0")),
        raw((ALPN, b"\3h2")),
        raw((ALPN, H2 + b"\0")),
        raw((NO_DEFAULT_ALPN, b"")),
        raw((ALPN, H2), (NO_DEFAULT_ALPN, b"x")),
        raw((MANDATORY, b"")),
        raw((MANDATORY, b"\0")),
        raw((MANDATORY, key(ALPN))),
        raw((MANDATORY, key(MANDATORY))),
        raw((MANDATORY, key(ALPN, ALPN)), (ALPN, H2)),
        raw((MANDATORY, key(PORT, ALPN)), (ALPN, H2), (PORT, key(1))),
        raw((IPV4HINT, b"\1"), priority=0),
    ],
)
def test_what_breaks_a_rule_is_no_record(rdata: bytes) -> None:
    assert read_service(rdata) is None


def test_a_target_of_255_bytes_is_a_name() -> None:
    longest = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0"
    assert len(longest) == 255
    assert read_service(raw(target=longest)) == Service(1, longest)
    assert read_service(raw(target=b"\1c" + longest)) is None


def test_parameters_in_alias_mode_are_ignored() -> None:
    alias = read_service(raw((IPV4HINT, V4), priority=0))
    assert alias == Service(0, TARGET)


def test_addresses_are_those_of_hints() -> None:
    assert addresses(IPV4HINT, V4 + V4) == (V4, V4)
    assert addresses(IPV6HINT, V6) == (V6,)
    assert addresses(PORT, V4) == ()


KEYS = st.sampled_from([MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, IPV6HINT, 7, 667, 65280])
VALUES = st.one_of(
    st.sampled_from(
        [b"", H2, key(443), V4, V4 + V4, V6, key(ALPN), key(ALPN, PORT), key(IPV4HINT)]
    ),
    st.binary(max_size=18),
)
FITTING = {
    MANDATORY: st.sampled_from([key(ALPN), key(ALPN, IPV4HINT), key(PORT), key(7, 667)]),
    ALPN: st.sampled_from([H2, H2 + b"\x02h3"]),
    NO_DEFAULT_ALPN: st.just(b""),
    PORT: st.binary(min_size=2, max_size=2),
    IPV4HINT: st.sampled_from([V4, V4 + V4]),
    IPV6HINT: st.sampled_from([V6, V6 + V6]),
}


@st.composite
def params(draw: st.DrawFn) -> list[tuple[int, bytes]]:
    """Mostly in order and well-formed; sometimes not."""
    keys = draw(st.lists(KEYS, max_size=5))
    if draw(st.booleans()):
        keys = sorted(set(keys))
    return [(k, draw(FITTING.get(k, VALUES) if draw(st.booleans()) else VALUES)) for k in keys]


def oracle(rdata: bytes) -> bytes | None:
    """dnspython's reading, written back; None where it refuses."""
    try:
        read = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.HTTPS, rdata, 0, len(rdata))
    except (dns.exception.DNSException, ValueError):
        return None
    out = io.BytesIO()
    read.to_wire(out)
    return out.getvalue()


@given(params(), st.sampled_from([ROOT, TARGET]), st.integers(1, 65535), st.binary(max_size=2))
def test_service_mode_is_read_as_dnspython_reads_it(
    drawn: list[tuple[int, bytes]], target: bytes, priority: int, tail: bytes
) -> None:
    rdata = raw(*drawn, priority=priority, target=target) + tail
    service = read_service(rdata)
    judged = oracle(rdata)
    if judged is not None and judged != rdata:
        # It sorts what `mandatory` lists, where RFC 9460, 8 refuses: we are the stricter.
        assert service is None
    else:
        assert (service.rdata() if service else None) == judged
