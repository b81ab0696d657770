"""The rule of who may reach what: each condition alone flips the result."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enclave_dns.disclosure.ranges import EMPTY
from enclave_dns.organisation.document import ActiveHours, Organisation, Policy, PolicyType
from enclave_dns.organisation.permission import (
    NO_PERMISSION,
    concerning_policies,
    explain_policies,
    grants_for,
    permission,
    permission_of,
    permissions_at,
)
from enclave_dns.wire.names import from_text
from tests.fakes.organisations import (
    GATEWAY,
    NOON,
    USER,
    gateway,
    gateway_policy,
    general_policy,
    organisation,
    system,
    tag_trust,
)

FINE = gateway_policy("10.0.0.0/8", only=("10.0.0.1 - 10.0.0.9",))
OFFICE = ActiveHours(ZoneInfo("UTC"), frozenset(range(5)), time(9), time(17))
NIGHT = replace(OFFICE, start=time(22), end=time(6))


def reach(found: Organisation, now: datetime = NOON) -> str:
    """What USER may reach through GW, in words."""
    user, gw = found.system("USER"), found.system("GW")
    assert user is not None
    assert gw is not None
    return str(permission(found, user, gw, now).ranges)


def test_a_policy_that_applies_permits_its_routes_within_its_filter() -> None:
    assert reach(organisation(FINE)) == "10.0.0.1 - 10.0.0.9"


ANOTHER = gateway("GW2", "100.64.0.71", "10.0.0.0/8")


@pytest.mark.parametrize(
    "found",
    [
        organisation(replace(FINE, type=PolicyType.GENERAL)),
        organisation(replace(FINE, is_enabled=False)),
        organisation(replace(FINE, acls=())),
        organisation(replace(FINE, auto_expire=NOON)),
        organisation(replace(FINE, active_hours=NIGHT)),
        organisation(replace(FINE, sender_tags=frozenset({"others"}))),
        organisation(replace(FINE, sender_trust_requirements=frozenset({"mfa"}))),
        organisation(FINE, tags=tag_trust("users", "mfa")),
        organisation(gateway_policy("10.0.0.0/8", at="GW2"), systems=(ANOTHER,)),
        organisation(FINE, systems=(gateway("GW", "100.64.0.70", "11.0.0.0/8"),)),
        organisation(FINE, systems=(gateway("GW", "100.64.0.70", "10.0.0.0/9"),)),
        organisation(FINE, systems=(replace(GATEWAY, is_enabled=False),)),
        organisation(FINE, systems=(replace(USER, is_enabled=False),)),
        organisation(FINE, systems=(replace(USER, tags=frozenset()),)),
        organisation(gateway_policy("10.0.0.0/8", only=("11.0.0.1",))),
        organisation(gateway_policy()),
    ],
)
def test_each_condition_alone_takes_everything_away(found: Organisation) -> None:
    assert reach(found) == "nothing"


@pytest.mark.parametrize(
    "policy",
    [
        replace(FINE, auto_expire=NOON + timedelta(seconds=1)),
        replace(FINE, active_hours=OFFICE),
        replace(FINE, sender_tags=frozenset({"others", "users"})),
        replace(FINE, sender_trust_requirements=frozenset({"mfa"})),
    ],
)
def test_each_condition_that_is_met_changes_nothing(policy: Policy) -> None:
    trusted = replace(USER, satisfied_trust_requirements=frozenset({"mfa", "more"}))
    found = organisation(policy, systems=(trusted,), tags=tag_trust("users", "mfa"))
    assert reach(found) == "10.0.0.1 - 10.0.0.9"


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        # Union over policies, routes and filter entries.
        (
            [gateway_policy("10.1.0.0/16"), gateway_policy("10.3.0.0/16")],
            "10.1.0.0/16, 10.3.0.0/16",
        ),
        ([gateway_policy("10.0.0.0/16", "10.1.0.0/16")], "10.0.0.0/15"),
        ([gateway_policy("10.0.0.0/8", only=("10.0.0.7", "10.0.0.5"))], "10.0.0.5, 10.0.0.7"),
        # A filter narrows only its own policy.
        ([FINE, gateway_policy("172.16.1.0/24")], "10.0.0.1 - 10.0.0.9, 172.16.1.0/24"),
        # A filter wider than the route adds nothing.
        ([gateway_policy("10.1.0.0/16", only=("0.0.0.0/0",))], "10.1.0.0/16"),
        ([gateway_policy("10.1.0.0/16", only=("10.0.255.0 - 10.1.0.7",))], "10.1.0.0/29"),
        # A route that is not offered as a whole allows nothing, the others do.
        ([gateway_policy("10.1.0.0/16", "172.16.0.0/16")], "10.1.0.0/16"),
    ],
)
def test_routes_and_filters_combine(policies: list[Policy], expected: str) -> None:
    assert reach(organisation(*policies)) == expected


EVERYTHING = ("0.0.0.0/0", "::/0")
LOOP = gateway("GW", "127.64.0.70", *EVERYTHING)


@pytest.mark.parametrize(
    ("routes", "only", "inside", "outside"),
    [
        (EVERYTHING, (), "8.8.8.8 10.0.0.1 fd00::1", "0.0.0.1 127.0.0.1 169.254.0.1 224.0.0.1"),
        (EVERYTHING, (), "100.128.0.1", "255.255.255.255 100.64.0.1 :: ::1 fe80::1 ff02::1"),
        (("100.64.0.0/16",), (), "100.64.0.1", "100.65.0.1"),
        (("0.0.0.0/0",), ("100.64.0.1",), "100.64.0.1", "100.64.0.2"),
        (("127.0.0.0/8",), (), "127.0.0.1", "10.0.0.1"),
        (("126.0.0.0/7",), (), "126.0.0.1", "127.0.0.1"),
        (("0.0.0.0/0",), ("169.254.169.254",), "169.254.169.254", "169.254.169.253"),
        (("0.0.0.0/0",), ("100.64.0.0 - 100.128.0.0",), "100.128.0.0", "100.64.0.1"),
        (("100.0.0.0/8",), (), "100.128.0.1 100.0.0.1", "100.64.0.1 100.127.255.255"),
        (("::/0",), (), "2001:db8::1", "100::1 fec0::1 10.0.0.1"),
    ],
)
def test_what_is_never_disclosed_must_be_named(
    routes: tuple[str, ...], only: tuple[str, ...], inside: str, outside: str
) -> None:
    found = organisation(gateway_policy(*routes, only=only), systems=(LOOP,))
    ranges = permission(found, USER, LOOP, NOON).ranges
    assert [text for text in inside.split() if ip_address(text).packed not in ranges] == []
    assert [text for text in outside.split() if ip_address(text).packed in ranges] == []


@pytest.mark.parametrize(
    ("routes", "only", "expected"),
    [
        (("0.0.0.0/0",), (), True),
        (("0.0.0.0/1", "128.0.0.0/1"), (), True),
        (("0.0.0.0/0",), ("0.0.0.0 - 99.255.255.255", "100.0.0.0 - 255.255.255.255"), True),
        (("0.0.0.0/0",), ("0.0.0.0 - 99.255.255.255", "101.0.0.0 - 255.255.255.255"), False),
        (("0.0.0.0/1",), (), False),
        (("0.0.0.0/1", "0.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"), (), False),
        (("::/0",), (), False),
        (("10.0.0.0/8",), (), False),
    ],
)
def test_a_view_is_open_when_it_holds_all_of_ipv4(
    routes: tuple[str, ...], only: tuple[str, ...], expected: bool
) -> None:
    found = organisation(gateway_policy(*routes, only=only), systems=(LOOP,))
    assert permission(found, USER, LOOP, NOON).is_open is expected


def test_grants_say_which_policy_route_and_entry_let_an_address_through() -> None:
    found = organisation(
        FINE,
        gateway_policy("10.0.0.0/24", "172.16.1.0/24"),
        gateway_policy("10.0.0.0/8", sender_tags=frozenset({"others"})),
    )
    through = permission(found, USER, GATEWAY, NOON)
    grants = grants_for(through, ip_address("10.0.0.5").packed)
    assert [(g.policy.index, str(g.route)) for g in grants] == [
        (0, "10.0.0.0/8"),
        (1, "10.0.0.0/24"),
    ]
    assert grants[0].subnet_filter is FINE.gateway_allowed_ip_ranges[0]
    assert grants[1].subnet_filter is None
    assert grants_for(through, ip_address("10.0.0.10").packed) == grants[1:]
    assert grants_for(through, ip_address("192.168.0.1").packed) == ()
    assert grants_for(through, ip_address("::1").packed) == ()


def test_suffixes_come_from_policies_that_let_something_through() -> None:
    corp, lab, off = from_text("corp.net"), from_text("lab.net"), from_text("off.net")
    found = organisation(
        replace(FINE, disclosed_suffixes=(lab, corp)),
        replace(FINE, disclosed_suffixes=(corp,)),
        gateway_policy("11.0.0.0/8", disclosed_suffixes=(off,)),
    )
    assert permission(found, USER, GATEWAY, NOON).disclosed_suffixes == tuple(sorted((corp, lab)))


def test_a_policy_of_which_nothing_is_disclosed_gives_no_suffix() -> None:
    policy = gateway_policy("126.0.0.0/7", only=("127.0.0.0 - 128.0.0.0",))
    found = organisation(
        replace(policy, disclosed_suffixes=(from_text("corp.net"),)), systems=(LOOP,)
    )
    through = permission(found, USER, LOOP, NOON)
    assert [grant.spans for grant in through.grants] == [()]
    assert through.disclosed_suffixes == ()


def at(hour: int, day: int = 3) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([FINE], None),
        ([replace(FINE, auto_expire=at(14))], at(14)),
        ([replace(FINE, auto_expire=at(10))], None),
        ([replace(FINE, auto_expire=NOON)], None),
        ([replace(FINE, active_hours=OFFICE)], at(17)),
        ([replace(FINE, active_hours=NIGHT)], at(22)),
        ([replace(FINE, active_hours=OFFICE, auto_expire=at(10))], None),
        ([replace(FINE, active_hours=OFFICE, auto_expire=at(14))], at(14)),
        ([replace(FINE, active_hours=NIGHT), replace(FINE, auto_expire=at(1, day=4))], at(22)),
        # What does not concern this sender and gateway sets no limit.
        ([FINE, replace(FINE, auto_expire=at(14), is_enabled=False)], None),
        ([FINE, replace(FINE, auto_expire=at(14), sender_tags=frozenset({"x"}))], None),
        ([FINE, replace(gateway_policy("11.0.0.0/8"), auto_expire=at(14))], None),
        ([FINE, replace(general_policy("users", "users"), auto_expire=at(14))], None),
    ],
)
def test_a_permission_holds_until_a_policy_starts_ends_or_expires(
    policies: list[Policy], expected: datetime | None
) -> None:
    assert permission(organisation(*policies), USER, GATEWAY, NOON).valid_until == expected


def test_without_a_policy_there_is_no_permission() -> None:
    assert permission(organisation(), USER, GATEWAY, NOON) == NO_PERMISSION
    assert NO_PERMISSION.ranges == EMPTY


def test_verdicts_name_every_reason_and_what_is_withdrawn() -> None:
    found = organisation(
        FINE,
        general_policy("users", "users"),
        gateway_policy("10.0.0.0/8", "11.0.0.0/8", description="half"),
        replace(FINE, is_enabled=False, sender_tags=frozenset({"x"})),
    )
    first, second, third = explain_policies(found, USER, GATEWAY, NOON)
    assert (first.applies, first.reasons, first.withdrawn) == (True, (), ())
    assert second.applies
    assert [str(route) for route in second.withdrawn] == ["11.0.0.0/8"]
    assert (third.policy.index, third.applies) == (3, False)
    assert third.reasons == ("the policy is disabled", "USER has none of the sender tags (x)")


TAGS = ["users", "others", "staff"]
POLICIES = st.builds(
    gateway_policy,
    st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/8"]),
    at=st.sampled_from(["GW", "GW2"]),
    is_enabled=st.booleans(),
    sender_tags=st.frozensets(st.sampled_from(TAGS), max_size=2),
    sender_trust_requirements=st.frozensets(st.sampled_from(["a", "b"]), max_size=1),
    active_hours=st.sampled_from([None, OFFICE, NIGHT]),
    auto_expire=st.sampled_from([None, at(10), at(14)]),
)
SENDERS = st.lists(
    st.tuples(st.frozensets(st.sampled_from(TAGS)), st.frozensets(st.sampled_from(["a", "b"]))),
    max_size=5,
)


@given(st.lists(POLICIES, max_size=5), SENDERS, st.booleans())
def test_permissions_explanations_and_the_shared_computation_agree(
    policies: list[Policy],
    senders: list[tuple[frozenset[str], frozenset[str]]],
    has_tag_trust: bool,
) -> None:
    members = tuple(
        system(f"S{n}", f"100.64.1.{n}", *tags, satisfied_trust_requirements=trust)
        for n, (tags, trust) in enumerate(senders)
    )
    tags = tag_trust("users", "a") if has_tag_trust else ()
    found = organisation(*policies, systems=(*members, ANOTHER), tags=tags)
    shared = permissions_at(found, GATEWAY, NOON)
    for member in found.systems:
        alone = permission(found, member, GATEWAY, NOON)
        assert shared[member.system_id] == alone
        applying = {
            v.policy.index for v in explain_policies(found, member, GATEWAY, NOON) if v.applies
        }
        assert {grant.policy.index for grant in alone.grants} == applying
        key = concerning_policies(found, member, GATEWAY)
        assert permission_of(found, key, GATEWAY, NOON) == alone
        assert applying <= set(key)


@given(st.lists(POLICIES, max_size=5))
def test_nothing_changes_while_a_permission_is_valid(policies: list[Policy]) -> None:
    found = organisation(*policies, systems=(ANOTHER,))
    now = permission(found, USER, GATEWAY, NOON)
    end = now.valid_until or NOON + timedelta(days=8)
    for hour in range(200):
        instant = NOON + timedelta(hours=hour)
        if instant < end:
            assert permission(found, USER, GATEWAY, instant).ranges == now.ranges
