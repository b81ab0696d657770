"""Over what a question travels, told as conversations: how an exchange ended, and what is next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.upstream.transport import FRESH_UDP, Failure, Transport, Transports

ENDINGS = {failure.name.lower(): failure for failure in Failure}


def tries(transports: Transports, endings: str) -> str:
    """The transports, by their first letters, that these endings lead to; `/` ends a try."""
    told = transport = transports.first()
    words = [told.value[0]]
    for ending in endings.split():
        following = transports.after(transport, ENDINGS[ending])
        if following is None:
            words.append("/")
            following = transports.first()
        transport = following
        words.append(transport.value[0])
    return "".join(words)


@pytest.mark.parametrize(
    ("endings", "expected"),
    [
        ("silence silence", "u/u/u"),
        ("unreachable garbage no_socket", "u/u/u/u"),
        ("truncated silence", "ut/u"),
        ("truncated unreachable truncated", "ut/ut"),
        ("mismatch garbage garbage", "ut/t/t"),
        ("mismatch unreachable mismatch unreachable silence unreachable", "utu/tu/t/t"),
        ("mismatch silence silence silence", "ut/u/t/u"),
        ("mismatch unreachable truncated unreachable unreachable", "ututu/t"),
    ],
)
def test_after_a_mismatch_udp_is_believed_no_more_than_it_must_be(
    endings: str, expected: str
) -> None:
    assert tries(Transports(), endings) == expected


def test_tcp_alone_stays_tcp_alone() -> None:
    assert tries(Transports(use_tcp=True), "silence unreachable garbage") == "t/t/t/t"


def test_two_servers_may_both_be_forged_while_they_are_asked_beside_each_other() -> None:
    transports = Transports()
    assert transports.first() is transports.first() is Transport.UDP
    assert transports.after(Transport.UDP, Failure.MISMATCH) is Transport.TCP
    assert transports.after(Transport.UDP, Failure.MISMATCH) is Transport.TCP


def test_whoever_only_asks_for_life_takes_a_reply_that_was_cut_short() -> None:
    assert Transports(takes_cut=True).after(Transport.UDP, Failure.TRUNCATED) is None
    assert Transports(takes_cut=True).after(Transport.UDP, Failure.MISMATCH) is Transport.TCP


@given(st.lists(st.sampled_from(list(Failure)), max_size=40))
def test_udp_is_used_twice_at_most_after_a_mismatch(failures: list[Failure]) -> None:
    transports = Transports()
    transport = transports.first()
    has_mismatched, udp_since = False, 0
    for failure in failures:
        has_mismatched |= failure is Failure.MISMATCH and transport is Transport.UDP
        transport = transports.after(transport, failure) or transports.first()
        udp_since += has_mismatched and transport is Transport.UDP
    assert udp_since <= FRESH_UDP
