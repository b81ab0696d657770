"""What is left of SVCB and HTTPS parameters for a view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.hints import has_hint, trimmed, without_hidden_hints
from enclave_dns.disclosure.ranges import Ranges, prefix
from enclave_dns.disclosure.view import View
from enclave_dns.wire.names import ROOT
from enclave_dns.wire.svcb import (
    ALPN,
    DOHPATH,
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
from tests.fakes.dns_worlds import packed

VIEW = View(Ranges.of([prefix(4, 0x0A000000, 8), prefix(6, 0x20010DB8 << 96, 32)]))
IN4, OUT4 = packed("10.0.0.1"), packed("192.168.0.1")
IN6, OUT6 = packed("2001:db8::1"), packed("2001:db9::1")
H2 = b"\x02h2"

Params = tuple[tuple[int, bytes], ...]


def key(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2) for number in numbers)


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ((), ()),
        (((IPV4HINT, IN4),), ((IPV4HINT, IN4),)),
        (((IPV4HINT, OUT4 + IN4 + OUT4),), ((IPV4HINT, IN4),)),
        (((IPV4HINT, OUT4),), ()),
        (((IPV6HINT, OUT6 + IN6),), ((IPV6HINT, IN6),)),
        (((MANDATORY, key(IPV4HINT)), (IPV4HINT, OUT4)), ()),
        (
            ((MANDATORY, key(ALPN, IPV4HINT)), (ALPN, H2), (IPV4HINT, OUT4)),
            ((MANDATORY, key(ALPN)), (ALPN, H2)),
        ),
        (
            ((MANDATORY, key(IPV4HINT, IPV6HINT)), (IPV4HINT, IN4), (IPV6HINT, OUT6)),
            ((MANDATORY, key(IPV4HINT)), (IPV4HINT, IN4)),
        ),
        (((ECH, IN4), (DOHPATH, b"/q"), (65280, IN4)), ()),
        (((MANDATORY, key(ECH)), (ECH, b"x")), ()),
        (
            ((ALPN, H2), (NO_DEFAULT_ALPN, b""), (PORT, key(443))),
            ((ALPN, H2), (NO_DEFAULT_ALPN, b""), (PORT, key(443))),
        ),
    ],
)
def test_only_what_the_view_permits_is_left(params: Params, left: Params) -> None:
    assert trimmed(VIEW, Service(1, ROOT, params)) == Service(1, ROOT, left)


@pytest.mark.parametrize(
    ("params", "left"),
    [
        (((MANDATORY, key(IPV4HINT)), (IPV4HINT, OUT4)), ()),
        (
            ((MANDATORY, key(ECH, IPV6HINT)), (ECH, b"x"), (IPV6HINT, OUT6), (65280, IN4)),
            ((MANDATORY, key(ECH)), (ECH, b"x"), (65280, IN4)),
        ),
    ],
)
def test_an_open_view_loses_only_hidden_hints_and_their_mandate(
    params: Params, left: Params
) -> None:
    assert without_hidden_hints(VIEW, Service(1, ROOT, params)) == Service(1, ROOT, left)


def test_an_ipv4_address_inside_an_ipv6_hint_counts() -> None:
    view = View(Ranges.of([prefix(4, 0x0A000000, 8), prefix(6, 0x0064FF9B << 96, 96)]))
    inside, outside = packed("64:ff9b::10.0.0.1"), packed("64:ff9b::192.168.0.1")
    service = Service(1, ROOT, ((IPV6HINT, outside + inside),))
    assert trimmed(view, service).params == ((IPV6HINT, inside),)


def test_a_hint_is_seen() -> None:
    assert has_hint(Service(1, ROOT, ((ALPN, H2), (IPV6HINT, IN6))))
    assert not has_hint(Service(1, ROOT, ((ALPN, H2),)))


HINTS4 = st.lists(
    st.sampled_from([IN4, OUT4, packed("10.9.9.9"), packed("172.16.0.1")]), min_size=1
)
HINTS6 = st.lists(st.sampled_from([IN6, OUT6, packed("fd00::1")]), min_size=1)
OTHERS = {
    ALPN: st.just(H2),
    PORT: st.just(key(443)),
    IPV4HINT: HINTS4.map(b"".join),
    ECH: st.just(OUT4),
    IPV6HINT: HINTS6.map(b"".join),
    DOHPATH: st.just(OUT4),
    65280: st.just(OUT6),
}


@st.composite
def services(draw: st.DrawFn) -> Service:
    keys = sorted(draw(st.sets(st.sampled_from(sorted(OTHERS)))))
    params = [(k, draw(OTHERS[k])) for k in keys]
    listed = sorted(draw(st.sets(st.sampled_from(keys)))) if keys else []
    mandatory = [(MANDATORY, key(*listed))] if listed else []
    return Service(1, ROOT, (*mandatory, *params))


@given(services())
def test_nothing_outside_the_view_is_left_in_any_byte(service: Service) -> None:
    left = trimmed(VIEW, service)
    wire = left.rdata()
    assert not any(
        hidden in wire for hidden in (OUT4, OUT6, packed("172.16.0.1"), packed("fd00::1"))
    )
    assert {k for k, _ in left.params} <= {MANDATORY, ALPN, PORT, IPV4HINT, IPV6HINT}
    # What is left is a record like any other, with everything in it that was permitted.
    assert read_service(wire) == left
    for k, value in service.params:
        permitted = tuple(a for a in addresses(k, value) if VIEW.permits(a))
        assert addresses(k, dict(left.params).get(k, b"")) == permitted
    assert trimmed(VIEW, left) == left
