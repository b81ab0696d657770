"""What the time of a reply tells, on virtual time: nothing where nothing is disclosed.

What has no records leaves on a step that covers its look-up, however many exchanges that took. An
answer is not held: it leaves when its own records are known; the exchanges that these take show.
"""

from dataclasses import replace

import pytest

from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RCode, RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import packed
from tests.fakes.paired_worlds import HEADER, MAIN, Policy
from tests.fakes.virtual_clock import PACE, Asked, play
from tests.fakes.world_contents import COST, TCP_COST
from tests.fakes.worlds_of_all_types import World

SENDER = Policy(("10.77.201.0/24",), has_suffix=False, rcode=RCode.REFUSED)
HOST, WWW, NAME, END = map(from_text, ("host.net", "www.net", "name.net", "end.net"))
SHOWN, HIDDEN, HIDDEN6 = map(packed, ("10.77.201.1", "10.211.173.5", "fd99:dead:beef::5"))
HERE = Record(HOST, RRType.A, 300, SHOWN)
ALIAS = Record(NAME, RRType.CNAME, 300, END)
WITH_SOA = dict.fromkeys((HOST, WWW, NAME, END), 60)


def world(*records: Record) -> World:
    """These records, and an SOA in every negative reply."""
    zone: dict[Name, tuple[Record, ...]] = {}
    for record in records:
        zone[record.name] = (*zone.get(record.name, ()), record)
    return World(zone, negative=WITH_SOA)


def times(here: World, name: Name, rtype: int, waits: tuple[float, ...] = (0.0,)) -> list[float]:
    """Seconds that the replies to one question take, asked anew after each wait."""
    packet = HEADER % (b"\1\0", 0) + name + rtype.to_bytes(2) + b"\0\1"
    script = [Asked(wait, packet, MAIN) for wait in waits]
    heard = play(here, {MAIN: SENDER.sender}, script)
    starts = [1000 + sum(waits[: at + 1]) for at in range(len(waits))]
    return [one.at / 1e6 - start for one, start in zip(heard, starts, strict=True) if one]


ABSENT = world()
HIDING = {
    "hidden": world(Record(NAME, RRType.A, 300, HIDDEN)),
    "hidden, over TCP": replace(
        world(Record(NAME, RRType.A, 300, HIDDEN), Record(NAME, RRType.AAAA, 300, HIDDEN6)),
        over_tcp=frozenset(Question(NAME, rtype) for rtype in (RRType.A, RRType.AAAA)),
    ),
    "hidden in the other family, over TCP": replace(
        world(Record(NAME, RRType.AAAA, 300, HIDDEN6)),
        over_tcp=frozenset((Question(NAME, RRType.AAAA),)),
    ),
    "an alias whose message is cut, without an SOA at its end": replace(
        world(ALIAS, Record(END, RRType.AAAA, 300, HIDDEN6)), negative={}, cuts=frozenset((END,))
    ),
    "failing": replace(ABSENT, failing=frozenset((Question(NAME, RRType.A),))),
}


@pytest.mark.parametrize("what", HIDING)
@pytest.mark.parametrize("rtype", [RRType.A, RRType.MX, RRType.TXT])
def test_a_no_answer_takes_as_long_as_for_an_absent_name(what: str, rtype: int) -> None:
    waits = (0.0, 1.0, 6.0, 60.0)
    expected = times(ABSENT, NAME, rtype, waits)
    assert expected == pytest.approx([PACE, 0.0, PACE, PACE], abs=1e-3)
    assert times(HIDING[what], NAME, rtype, waits) == pytest.approx(expected, abs=1e-5)


def test_an_answer_leaves_when_its_own_exchange_is_over_hidden_records_of_it_or_not() -> None:
    among = world(HERE, Record(HOST, RRType.A, 300, HIDDEN))
    over_tcp = replace(among, over_tcp=frozenset((Question(HOST, RRType.A),)))
    for here, took in ((world(HERE), COST), (among, COST), (over_tcp, COST + TCP_COST)):
        assert times(here, HOST, RRType.A) == pytest.approx([took], abs=1e-5)


def test_a_nodata_takes_the_same_time_whatever_is_hidden_in_its_family() -> None:
    hidden = world(HERE, Record(HOST, RRType.AAAA, 300, HIDDEN6))
    over_tcp = replace(hidden, over_tcp=frozenset((Question(HOST, RRType.AAAA),)))
    for here in (world(HERE), hidden, over_tcp):
        assert times(here, HOST, RRType.AAAA) == pytest.approx([PACE], abs=1e-3)


def test_a_nodata_takes_the_same_time_however_its_chain_was_told() -> None:
    here = world(Record(WWW, RRType.CNAME, 300, HOST), HERE)
    waits = (0.0, 6.0, 60.0)
    expected = times(here, WWW, RRType.AAAA, waits)
    assert expected == pytest.approx([PACE, 0.0, PACE], abs=1e-3)
    for silent in (replace(here, negative={}), replace(here, negative={}, cuts=frozenset((HOST,)))):
        assert times(silent, WWW, RRType.AAAA, waits) == pytest.approx(expected, abs=1e-5)
