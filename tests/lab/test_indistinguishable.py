"""Hidden and absent are one reply, byte for byte, whatever the query looks like."""

from itertools import product

import dns.flags
import dns.rcode
import pytest

from tests.lab.namespaces import Namespace
from tests.lab.packets import DO, PLAIN, client, query, read, without_question
from tests.lab.programs import CONTRACTOR, DEVELOPER, Program

HIDDEN = {
    DEVELOPER: {
        "a hidden address": "hidden.corp.net",
        "another sender's address": "controller.corp.net",
        "both of these": "mixed.corp.net",
        "an empty non-terminal": "below.corp.net",
        "text and nothing else": "empty.below.corp.net",
        "a hidden address's own name": "30.0.168.192.in-addr.arpa",
        "part of a permitted address": "0.0.10.in-addr.arpa",
    },
    CONTRACTOR: {
        "a hidden address": "dbserver1.corp.net",
        "a chain to it": "www.corp.net",
        "a wildcard": "anything.dev.corp.net",
        "a chain without its target": "laser.printers.corp.net",
        "a line of the hosts file": "wiki.corp.net",
        "sixty addresses": "many.corp.net",
        "the apex, whose servers are hidden": "corp.net",
        "a hidden address's own name": "30.0.0.10.in-addr.arpa",
    },
}
ABSENT = "absent.corp.net"
QTYPES = (
    *("A", "AAAA", "CNAME", "TXT", "MX", "SRV", "NS", "SOA", "HTTPS", "PTR", "DNSKEY", "TYPE1234"),
)
EDNS = {"no EDNS": None, "EDNS": PLAIN, "DO": DO}
FLAGS = [0, dns.flags.RD, dns.flags.CD, dns.flags.RD | dns.flags.CD, dns.flags.AD | dns.flags.RD]

KINDS = [(flags, EDNS[edns]) for flags, edns in product(FLAGS, EDNS)]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    ("sender", "why"),
    [(sender, why) for sender, names in HIDDEN.items() for why in names],
    ids=lambda text: {DEVELOPER: "developer", CONTRACTOR: "contractor"}.get(text, text),
)
def test_a_hidden_name_gets_the_reply_to_an_absent_one(
    laptop: Namespace, shared_gateway: Program, transport: str, sender: str, why: str
) -> None:
    """Cold and from the caches, over each transport, with each EDNS, for each type."""
    hidden = HIDDEN[sender][why]
    with client(laptop, transport, sender) as gateway:
        for (flags, edns), rtype in product(KINDS, QTYPES):
            about_hidden = query(hidden, rtype, flags=flags, edns=edns)
            about_absent = query(ABSENT, rtype, flags=flags, edns=edns)
            replies = {
                without_question(gateway.ask(asked), asked)
                for asked in (about_hidden, about_absent, about_hidden)
            }
            assert len(replies) == 1, (rtype, flags, edns)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("edns", EDNS)
def test_that_reply_is_a_bare_refusal(
    laptop: Namespace, shared_gateway: Program, transport: str, edns: str
) -> None:
    with client(laptop, transport) as gateway:
        for flags in FLAGS:
            reply = read(gateway.ask(query("hidden.corp.net", flags=flags, edns=EDNS[edns])))
            echoed = flags & (dns.flags.RD | dns.flags.CD)
            assert reply.flags & ~0xF == dns.flags.QR | dns.flags.RA | echoed
            assert reply.rcode() == dns.rcode.REFUSED
            assert (reply.answer, reply.authority, reply.additional) == ([], [], [])
            assert reply.edns == (-1 if edns == "no EDNS" else 0)
            assert reply.options == ()
            assert bool(reply.ednsflags & DO) == (edns == "DO")


def test_a_permitted_name_gets_another_reply(laptop: Namespace, shared_gateway: Program) -> None:
    """So the comparison can fail."""
    hidden, shown = query("hidden.corp.net"), query("dbserver1.corp.net")
    with client(laptop, "UDP") as gateway:
        replies = {without_question(gateway.ask(asked), asked) for asked in (hidden, shown)}
    assert len(replies) == 2
