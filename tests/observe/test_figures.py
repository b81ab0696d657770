"""The figures of a program: caches taken together, servers by name, and the age of the policy."""

from enclave_dns.observe.figures import Cache, Policy, upstreams_of
from enclave_dns.resolve.record_cache import RecordCache
from enclave_dns.sources.nameserver import Nameserver
from enclave_dns.upstream.exchange import Exchange
from enclave_dns.upstream.health import State
from enclave_dns.upstream.nameservers import NAMESERVER_SIGNS
from enclave_dns.upstream.transport import Failure
from enclave_dns.upstream.vitals import Vitals
from enclave_dns.wire.message import Message
from tests.fakes.waiting import eventually

ONE, OTHER = Nameserver("127.0.0.1", port=1), Nameserver("127.0.0.1", port=2)


def test_tables_that_are_one_cache_are_added_up() -> None:
    tables = RecordCache(), RecordCache()
    tables[0].hits, tables[1].hits, tables[1].misses = 2, 3, 4
    assert Cache.of(*tables) == Cache(0, 5, 4)
    assert Cache.of() == Cache(0, 0, 0)


async def test_servers_have_the_name_that_they_are_given_or_their_address() -> None:
    vitals = Vitals(Exchange(), NAMESERVER_SIGNS)
    vitals.replace((ONE, OTHER))
    vitals.learn(ONE, Message(0, 0x8180), 0.0)
    for _ in range(3):
        vitals.learn(OTHER, Failure.UNREACHABLE, 0.0)
    await eventually(lambda: vitals.state(OTHER) is State.DOWN)
    found = upstreams_of(vitals, {ONE: "WZL94"})
    assert [(one.name, one.is_healthy) for one in found] == [("WZL94", True), (str(OTHER), False)]
    assert [sum(one.durations.counts) for one in found] == [1, 0]
    await vitals.close()
    assert upstreams_of(vitals, {}) == ()


def test_the_age_of_a_policy_begins_anew_with_each_version() -> None:
    policy = Policy(7, since=0.0)
    old = policy.age
    policy.applied(8)
    assert (policy.revision, policy.failures) == (8, 0)
    assert policy.age < old
