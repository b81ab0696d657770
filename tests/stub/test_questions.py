"""A whole stub, asked everything there is to ask it, over UDP and TCP, judged by dnspython."""

from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from tests.fakes.clients import Client
from tests.fakes.sites import sites
from tests.fakes.stub_questions import (
    GATEWAYS,
    MISSES,
    OWN_ZONES,
    SPECIAL_NAMES,
    Row,
    rows,
)

TABLES = {
    "own zones": rows(OWN_ZONES),
    "special names": rows(SPECIAL_NAMES),
    "gateways": rows(GATEWAYS),
    "misses": rows(MISSES),
}


def judged(reply: dns.message.Message, row: Row) -> Row:
    """The reply in the form of the row that it is to be like."""
    answers = (item.to_text() for rrset in reply.answer for item in rrset)
    soas = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA]
    assert len(reply.authority) == len(soas) <= 1
    assert reply.additional == []
    flags = dns.flags.to_text(reply.flags).split()
    assert len(flags) == len(set(flags))
    return Row(
        row.name,
        row.rtype,
        dns.rcode.to_text(reply.rcode()),
        frozenset(flags),
        tuple(sorted(answers)),
        soas[0].name.to_text() if soas else "",
    )


async def hears_all(client: Client, table: list[Row], *, tcp: bool) -> list[Row]:
    """What the client hears to each question of the table, whole."""
    heard = []
    for row in table:
        query = dns.message.make_query(row.name, row.rtype)
        packet = await client.send(query.to_wire(), tcp=tcp)
        assert packet is not None
        reply = dns.message.from_wire(packet)
        assert query.is_response(reply)
        # The counts of the header are those of what dnspython read, and nothing follows.
        counts = [int.from_bytes(packet[at : at + 2]) for at in range(4, 12, 2)]
        assert counts[1] == sum(map(len, reply.answer))
        assert counts == [1, counts[1], sum(map(len, reply.authority)), 0]
        heard.append(judged(reply, row))
    return heard


def test_the_table_is_long_and_asks_nothing_twice() -> None:
    questions = [str(row) for table in TABLES.values() for row in table]
    assert len(questions) == len(set(questions)) >= 60


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("on_slice", [False, True], ids=["whole", "slice"])
async def test_every_reply_is_exactly_as_the_table_says(
    tmp_path: Path, tcp: bool, on_slice: bool
) -> None:
    async with sites(tmp_path, on_slice=on_slice) as made:
        for table in TABLES.values():
            assert await hears_all(made.client, table, tcp=tcp) == table


async def test_what_is_ours_or_special_is_sent_to_nobody(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        table = [row for kind in ("own zones", "special names") for row in TABLES[kind]]
        table = [row for row in table if row.name != "other.open.example"]
        await hears_all(made.client, table, tcp=False)
        asked = {question for fake in made.gateways.values() for question in fake.questions}
        assert asked <= {("udp", "_my.id.enclave", "A")}


async def test_ttl_0_in_our_own_zones_and_the_gateways_own_elsewhere(tmp_path: Path) -> None:
    async with sites(tmp_path) as made:
        for name, ttls in (("store.enclave", {0}), ("db.corp.net", {59, 60})):
            reply = await made.client.ask(name)
            assert {rrset.ttl for rrset in reply.answer} <= ttls
        negative = await made.client.ask("absent.enclave")
        assert [rrset.ttl for rrset in negative.authority] == [0]
