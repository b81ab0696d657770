"""Some queries through the junk, and what the junk is made of."""

from enclave_dns.upstream.match import Verdict, judge
from enclave_dns.wire.names import from_text
from enclave_dns.wire.render import render_query
from tests.benchmarks.junk import asked, nameserver
from tests.benchmarks.junk_upstream import JUNK, address_of, answer, junk, right

COUNT = 50
NAME = from_text("host7.Corp.net")
QUERY = render_query(7, NAME, 1)


async def test_every_query_is_answered_correctly() -> None:
    with nameserver() as port:
        assert await asked(port, COUNT) == {"correct": COUNT}


def test_no_junk_is_an_answer_and_the_answer_is_one() -> None:
    asked_for = QUERY[12 : 16 + len(NAME)]
    packets = list(junk(QUERY))
    assert len(packets) == JUNK
    assert not [p for p in packets if judge(p, 7, asked_for) is Verdict.ACCEPTED]
    assert right(QUERY) == address_of(7)
    assert judge(answer(QUERY, right(QUERY)), 7, asked_for) is Verdict.ACCEPTED
