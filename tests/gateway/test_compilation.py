"""Document bytes in, what a gateway serves with out; and an organisation as large as any."""

from dataclasses import replace

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.gateway.compilation import Order, compile_document
from enclave_dns.gateway.views import compile_views
from enclave_dns.organisation.reading import parse_organisation
from tests.fakes.large_organisations import CLASSES, GATEWAY_ID, SYSTEMS, large_json, large_toml
from tests.fakes.organisations import NOON
from tests.fakes.running import GATEWAY, document

ORDER = Order("organisation.toml", "WZL94", None, NOON)
TEXT = document(5).encode()


def test_it_is_what_the_organisation_gives() -> None:
    organisation = parse_organisation(TEXT, "organisation.toml")
    gateway = organisation.system("WZL94")
    assert gateway is not None
    found = compile_document(ORDER, TEXT, 3)
    assert found.views == compile_views(organisation, gateway, NOON, 3)
    assert (found.version, found.addresses) == (5, gateway.virtual_addresses)
    assert GATEWAY in found.views.senders


@pytest.mark.parametrize("running", [None, 0, 5])
def test_the_version_in_use_or_a_higher_one_is_taken(running: int | None) -> None:
    assert compile_document(replace(ORDER, running=running), TEXT, 1).version == 5


@pytest.mark.parametrize(
    ("order", "text", "reason"),
    [
        (replace(ORDER, running=6), TEXT, "version 5 is lower than the running version 6"),
        (replace(ORDER, system_id="WZL99"), TEXT, "no system WZL99"),
        (ORDER, b"version =", "is not TOML"),
        (replace(ORDER, file="organisation.json"), TEXT, "is not JSON"),
    ],
    ids=["older", "not in it", "no TOML", "no JSON"],
)
def test_a_document_that_cannot_be_used_says_why(order: Order, text: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as told:
        compile_document(order, text, 1)
    assert {problem.file for problem in told.value.problems} == {order.file}


def test_the_large_organisation_has_as_many_and_as_large_views_as_it_says() -> None:
    views = compile_document(Order("a.json", GATEWAY_ID, None, NOON), large_json(), 1).views
    assert len(views.senders) == SYSTEMS
    # The gateway itself has no policy.
    assert views.count == len({sender.view for sender in views.senders.values()}) == CLASSES + 1
    sizes = [len(s.view.ranges.spans4) + len(s.view.ranges.spans6) for s in views.senders.values()]
    assert 450 < sum(sizes) / len(sizes) < 550
    assert views.valid_until is not None


def test_it_is_the_same_organisation_in_both_forms_and_in_every_run() -> None:
    sizes = {"systems": 40, "policies": 12, "ranges": 10, "classes": 8}
    json_text, toml_text = large_json(3, **sizes), large_toml(3, **sizes)
    made = parse_organisation(json_text, "a.json")
    assert parse_organisation(toml_text, "a.toml") == made
    assert large_json(3, **sizes) == json_text != large_json(4, **sizes)
