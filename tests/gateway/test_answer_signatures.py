"""Signatures through the whole gateway: for open views, asked for, and over what leaves whole."""

import dns.flags
import dns.message
import dns.rdatatype
import pytest

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from enclave_dns.wire.reverse import reverse_name
from tests.fakes.dns_worlds import packed
from tests.fakes.generated_records import signature
from tests.fakes.paired_worlds import MAIN, Policy
from tests.fakes.virtual_clock import Asked, play
from tests.fakes.worlds_of_all_types import World

OPEN = Policy(("0.0.0.0/0",), has_suffix=False, rcode=RCode.REFUSED, is_open=True)
RESTRICTED = Policy(("10.77.201.0/24",), has_suffix=False, rcode=RCode.REFUSED)
WWW, HOST = from_text("www.corp.net"), from_text("host.corp.net")
NUMBER = reverse_name(packed("10.77.201.1"))
CLASSLESS, CLASSED = reverse_name(packed("10.77.201.2")), from_text("2.office.corp.net")


def world(*more: Record, signs_unasked: bool = False) -> World:
    """`www` is `host`, both are signed, and so is what two addresses are called."""
    records = (
        Record(WWW, RRType.CNAME, 300, HOST),
        Record(HOST, RRType.A, 300, packed("10.77.201.1")),
        *more,
        Record(NUMBER, RRType.PTR, 300, HOST),
        Record(CLASSLESS, RRType.CNAME, 300, CLASSED),
        Record(CLASSED, RRType.PTR, 300, HOST),
    )
    zone: dict[Name, tuple[Record, ...]] = {}
    for record in records:
        zone[record.name] = (*zone.get(record.name, ()), record)
    keys = dict.fromkeys((record.name, record.rtype) for record in records)
    signatures = {key: (signature(*key, 300, at),) for at, key in enumerate(keys)}
    return World(zone, signatures=signatures, signs_unasked=signs_unasked)


def types(policy: Policy, here: World, question: Question, *, do: bool = True) -> list[str]:
    """The types of the records in the answer, in their order."""
    query = dns.message.make_query("x", question.rtype, want_dnssec=do, use_edns=True)
    packet = query.to_wire().replace(b"\1x\0", question.name, 1)
    (heard,) = play(here, {MAIN: policy.sender}, [Asked(0, packet, MAIN)])
    assert heard is not None
    reply = dns.message.from_wire(heard.packet, one_rr_per_rrset=True)
    assert not reply.flags & dns.flags.AD
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in reply.answer]


def test_an_open_view_that_asks_gets_the_signatures_over_chain_and_records() -> None:
    question = Question(WWW, RRType.A)
    assert types(OPEN, world(), question) == ["CNAME", "RRSIG", "A", "RRSIG"]
    assert types(OPEN, world(), question, do=False) == ["CNAME", "A"]


def test_records_of_which_one_is_hidden_leave_unsigned() -> None:
    here = world(Record(HOST, RRType.A, 300, packed("127.77.201.9")))
    assert types(OPEN, here, Question(WWW, RRType.A)) == ["CNAME", "RRSIG", "A"]


@pytest.mark.parametrize(("policy", "do"), [(OPEN, False), (RESTRICTED, False), (RESTRICTED, True)])
def test_signatures_that_a_nameserver_sends_unasked_stay_here(policy: Policy, do: bool) -> None:
    here = world(signs_unasked=True)
    assert types(policy, here, Question(WWW, RRType.A), do=do) == ["CNAME", "A"]
    assert types(policy, here, Question(NUMBER, RRType.PTR), do=do) == ["PTR"]


def test_an_open_view_gets_the_signature_over_what_an_address_is_called() -> None:
    assert types(OPEN, world(), Question(NUMBER, RRType.PTR)) == ["PTR", "RRSIG"]
    assert types(OPEN, world(), Question(NUMBER, RRType.PTR), do=False) == ["PTR"]


def test_pointers_of_an_alias_leave_unsigned_under_the_name_in_the_question() -> None:
    assert types(OPEN, world(), Question(CLASSLESS, RRType.PTR)) == ["PTR"]
