"""Who is a sender of a gateway, with what view, and for how long."""

from datetime import timedelta
from ipaddress import ip_address

from enclave_dns.disclosure.ranges import Ranges
from enclave_dns.disclosure.view import View
from enclave_dns.gateway.views import Sender, Views, compile_views
from enclave_dns.organisation.document import Organisation, System
from enclave_dns.organisation.permission import permission
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RCode
from tests.fakes.dns_worlds import packed, span
from tests.fakes.organisations import (
    GATEWAY,
    NOON,
    USER,
    gateway,
    gateway_policy,
    general_policy,
    organisation,
    system,
)

OTHER = system("OTHER", "100.64.0.13", "users")
GUEST = system("GUEST", "100.64.0.14", "guests")


def compiled(made: Organisation, at: System = GATEWAY, epoch: int = 1) -> Views:
    return compile_views(made, at, NOON, epoch)


def sender(views: Views, address: str) -> Sender:
    return views.senders[address]


def test_a_sender_is_known_by_each_of_its_addresses() -> None:
    both = System(
        "BOTH",
        (packed("100.64.0.20"), packed("fd00:64::20"), packed("100.64.0.21")),
        tags=frozenset({"users"}),
    )
    views = compiled(organisation(gateway_policy("10.0.0.0/8"), systems=(both,)))
    found = {sender(views, at) for at in ("100.64.0.20", "fd00:64::20", "100.64.0.21")}
    assert [one.sender for one in found] == ["BOTH"]


def test_addresses_are_spelt_as_the_kernel_spells_them() -> None:
    views = compiled(
        organisation(systems=(system("V6", "2001:0db8:0000:0000:0000:00ff:fe00:0001"),))
    )
    assert "2001:db8::ff:fe00:1" in views.senders
    assert all(str(ip_address(address)) == address for address in views.senders)


def test_every_enabled_system_is_a_sender_and_nobody_else_is() -> None:
    away = system("AWAY", "100.64.0.15", "users", is_enabled=False)
    views = compiled(organisation(gateway_policy("10.0.0.0/8"), systems=(GUEST, away)))
    assert views.senders.keys() == {"100.64.0.12", "100.64.0.14", "100.64.0.70"}


def test_a_sender_with_a_policy_has_its_view_and_is_not_refused() -> None:
    policy = gateway_policy("10.0.0.0/8", disclosed_suffixes=(from_text("corp.net"),))
    found = sender(compiled(organisation(policy)), "100.64.0.12")
    assert found.refusal is None
    assert found.view == View(Ranges.of([span("10.0.0.0/8")]), False, (from_text("corp.net"),))


def test_a_sender_without_a_policy_is_refused_in_a_way_that_depends_on_no_name() -> None:
    made = organisation(
        gateway_policy("10.0.0.0/8"),
        gateway_policy("10.0.0.0/8", sender_tags=frozenset({"guests"}), is_enabled=False),
        general_policy("guests", "users"),
        systems=(GUEST,),
    )
    found = sender(compiled(made), "100.64.0.14")
    assert found.refusal is not None
    assert (found.refusal.rcode, found.refusal.ede) == (RCode.REFUSED, 18)
    assert not found.view.ranges


def test_a_policy_that_lets_only_undisclosable_addresses_through_is_no_policy() -> None:
    wide = gateway("GW", "100.64.0.70", "126.0.0.0/7")
    # Route and filter share 127.0.0.0/8 alone, and neither of them names it on purpose.
    policy = gateway_policy("126.0.0.0/7", only=("127.0.0.0 - 128.0.0.5",))
    made = organisation(policy, systems=(wide,))
    assert sender(compiled(made, wide), "100.64.0.12").refusal is not None


def test_policies_of_another_gateway_count_for_nothing_here() -> None:
    elsewhere = gateway("GW2", "100.64.0.71", "10.0.0.0/8")
    made = organisation(gateway_policy("10.0.0.0/8", at="GW2"), systems=(elsewhere,))
    assert sender(compiled(made), "100.64.0.12").refusal is not None
    assert sender(compiled(made, elsewhere), "100.64.0.12").refusal is None


def test_equal_permissions_share_one_key_and_others_do_not() -> None:
    made = organisation(
        gateway_policy("10.0.0.0/8"),
        gateway_policy("172.16.1.0/24", sender_tags=frozenset({"guests"})),
        # The same ranges as `users` have, by another policy.
        gateway_policy("10.0.0.0/9", "10.128.0.0/9", sender_tags=frozenset({"admins"})),
        systems=(OTHER, GUEST, system("ADMIN", "100.64.0.16", "admins")),
    )
    views = compiled(made)
    key = sender(views, "100.64.0.12").key
    assert sender(views, "100.64.0.13").key == key
    assert sender(views, "100.64.0.16").key == key
    assert sender(views, "100.64.0.14").key != key
    # The gateway itself is the third: it has no policy.
    assert views.count == len({found.key for found in views.senders.values()}) == 3


def test_another_epoch_has_other_keys() -> None:
    made = organisation(gateway_policy("10.0.0.0/8"), systems=(OTHER, GUEST))
    epochs = [
        {found.key for found in compiled(made, epoch=epoch).senders.values()}
        for epoch in (1, 2, 256, 1 << 24)
    ]
    assert len(set.union(*epochs)) == sum(len(keys) for keys in epochs)
    assert len({len(key) for keys in epochs for key in keys}) == 1


def test_the_no_answer_of_a_gateway_is_in_its_views() -> None:
    shy = gateway("GW", "100.64.0.70", "10.0.0.0/8", no_answer=RCode.NXDOMAIN)
    views = compiled(organisation(gateway_policy("10.0.0.0/8"), systems=(shy,)), shy)
    assert sender(views, "100.64.0.12").view.no_answer == RCode.NXDOMAIN


def test_views_hold_until_the_first_instant_at_which_any_of_them_changes() -> None:
    made = organisation(
        gateway_policy("10.0.0.0/8", auto_expire=NOON + timedelta(hours=3)),
        gateway_policy("172.16.1.0/24", auto_expire=NOON + timedelta(hours=2)),
        gateway_policy("10.1.0.0/16", auto_expire=NOON - timedelta(hours=1)),
        gateway_policy("10.2.0.0/16", at="GW2", auto_expire=NOON + timedelta(hours=1)),
        systems=(gateway("GW2", "100.64.0.71", "10.0.0.0/8"),),
    )
    assert compiled(made).valid_until == NOON + timedelta(hours=2)


def test_views_without_a_clock_hold_until_the_next_document() -> None:
    assert compiled(organisation(gateway_policy("10.0.0.0/8"))).valid_until is None


def test_the_view_is_the_permission_that_the_organisation_gives() -> None:
    open_gateway = gateway("GW", "100.64.0.70", "0.0.0.0/0")
    made = organisation(gateway_policy("0.0.0.0/0"), systems=(open_gateway,))
    granted = permission(made, USER, open_gateway, NOON)
    view = sender(compiled(made, open_gateway), "100.64.0.12").view
    assert (view.ranges, view.is_open) == (granted.ranges, True)
