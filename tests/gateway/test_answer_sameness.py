"""Hidden is absent, byte for byte, for everything that a client can vary about its question.

Every name below has the same length, so that replies differ in id and question name alone.
"""

from itertools import product

import pytest

from enclave_dns.resolution import Question
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.dns_worlds import World, hosts, view_of, zone
from tests.fakes.front import beside_the_question, query
from tests.fakes.gateway_scene import USER, Scene

ABSENT = "absent.corp.net"

HIDDEN = {
    "hidden.corp.net": "an address outside the view",
    "family.corp.net": "addresses of both families outside the view",
    "linked.corp.net": "a chain to a hidden name",
    "broken.corp.net": "a chain to a name that does not exist",
    "inside.corp.net": "a chain to a name that is decided here",
    "branch.corp.net": "an empty non-terminal",
    "leaves.corp.net": "a name with text alone",
    "silent.corp.net": "a name that the nameserver keeps silent about",
    "hosted.corp.net": "a hosts line that the sender may not see",
    "banned.corp.net": "a hosts line that blocks",
    "looped.corp.net": "the sender's own loopback",
    "mapped.corp.net": "a hidden IPv4 address inside an IPv6 one",
}

WORLD = World(
    zone(
        """
        hidden.corp.net  60 A     192.168.0.1
        family.corp.net  60 A     192.168.0.2
        family.corp.net  60 AAAA  2001:db8::2
        linked.corp.net  60 CNAME hidden.corp.net
        broken.corp.net  60 CNAME nosuch.corp.net
        inside.corp.net  60 CNAME db.enclave
        branch.corp.net
        leaves.corp.net  60 TXT   text
        looped.corp.net  60 A     127.0.0.1
        mapped.corp.net  60 AAAA  ::ffff:192.168.0.1
        mapped.corp.net  60 AAAA  64:ff9b::c0a8:1
        """
    ),
    silent=frozenset(
        Question(from_text("silent.corp.net"), rtype) for rtype in (RRType.A, RRType.AAAA)
    ),
)
TABLE = hosts("192.168.0.3 hosted.corp.net\n0.0.0.0 banned.corp.net")

FLAGS = ("", "RD", "CD", "RD CD", "RD AD", "AA TC RD RA")
EDNS = ({"edns": False}, {"edns": True}, {"do": True})
QTYPES = (
    *("A", "AAAA", "CNAME", "DNAME", "PTR", "NS", "SOA", "MX", "SRV", "TXT", "HTTPS", "SVCB"),
    *("CAA", "TLSA", "NAPTR", "URI", "DS", "DNSKEY", "NSEC", "RRSIG", "ANY", "AXFR", "IXFR"),
    *(0, 41, 128, 249, 250, 253, 254, 65280),
)


@pytest.mark.parametrize("no_answer", [RCode.REFUSED, RCode.NXDOMAIN], ids=["refused", "nxdomain"])
@pytest.mark.parametrize("hidden", HIDDEN)
async def test_a_hidden_name_is_an_absent_name(hidden: str, no_answer: RCode) -> None:
    assert len(hidden) == len(ABSENT)
    scene = Scene(
        WORLD, table=TABLE, view=view_of("10.0.0.0/24", "::/8", no_answer=no_answer), timeout=5
    )
    for rtype, edns, flags, is_tcp in product(QTYPES, EDNS, FLAGS, (False, True)):
        options = {**edns, "flags": flags}
        # The first of all flags gets a reply that is worked out, the others one that was kept.
        mine, other = [
            await scene.front.send(query(name, rtype, **options), USER, is_tcp=is_tcp)
            for name in (hidden, ABSENT)
        ]
        assert mine is not None
        assert beside_the_question(mine) == beside_the_question(other), (rtype, options, is_tcp)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"flags": ""}, "8085 0001 0000 0000 0000"),
        ({"flags": "RD"}, "8185 0001 0000 0000 0000"),
        ({"flags": "RD CD AD"}, "8195 0001 0000 0000 0000"),
        ({"edns": True}, "8185 0001 0000 0000 0001 | 00 0029 04d0 00000000 0000"),
        ({"do": True}, "8185 0001 0000 0000 0001 | 00 0029 04d0 00008000 0000"),
    ],
)
async def test_the_no_answer_is_this(options: dict[str, object], expected: str) -> None:
    scene = Scene(WORLD, table=TABLE)
    for name in (*HIDDEN, ABSENT):
        packet = await scene.front.send(query(name, **options), USER)
        assert packet is not None
        start, _, end = expected.partition("|")
        asked = from_text(name) + bytes.fromhex("0001 0001")
        assert packet[2:] == bytes.fromhex(start) + asked + bytes.fromhex(end)


async def test_unpermitted_and_absent_reverse_names_are_one_reply() -> None:
    scene = Scene(World(zone("1.0.168.192.in-addr.arpa 60 PTR hidden.corp.net")))
    names = (
        ("1.0.168.192.in-addr.arpa", "unpermitted, with a record"),
        ("2.0.168.192.in-addr.arpa", "unpermitted, without one"),
        ("11.0.0.10.in-addr.arpa", "permitted, without one"),
        ("11.0.00.10.in-addr.arpa", "malformed"),
        ("0.10.in-addr.arpa", "partial"),
    )
    packets = [await scene.front.send(query(name, "PTR"), USER) for name, _ in names]
    assert len(set(map(beside_the_question, packets))) == 1
