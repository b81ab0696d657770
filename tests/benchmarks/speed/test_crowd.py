"""The large organisation, a small one of its kind: its views, and what a new version changes."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from enclave_dns.config import load_organisation
from enclave_dns.disclosure.view import View
from enclave_dns.gateway.views import Views, compile_views
from enclave_dns.organisation.versions import own_system
from tests.benchmarks.rig import GATEWAY
from tests.benchmarks.speed.crowd import ORGANISATION, compile_alone
from tests.benchmarks.speed.names import PERMITTED
from tests.fakes.many_policies import GATEWAY_ID, ManyPolicies

SMALL = ManyPolicies(GATEWAY, PERMITTED, systems=122, policies=40, ranges=8, views=60)
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def compiled(folder: Path, version: int) -> Views:
    file = folder / "organisation.json"
    file.write_text(json.dumps(SMALL.document(version)))
    organisation = load_organisation(file)
    return compile_views(organisation, own_system(organisation, GATEWAY_ID), NOW, 1)


def view(views: Views, number: int) -> View:
    return views.senders[SMALL.address(number)].view


def test_there_are_as_many_views_as_were_asked_for_each_of_two_senders(tmp_path: Path) -> None:
    views = compiled(tmp_path, 1)
    assert len(views.senders) == SMALL.systems
    numbers = range(SMALL.systems - 2)
    held = Counter(views.senders[SMALL.address(number)].key for number in numbers)
    assert len(held) == SMALL.views
    assert set(held.values()) == {2}


def test_nothing_of_a_view_is_merged_but_the_range_that_all_have(tmp_path: Path) -> None:
    views = compiled(tmp_path, 1)
    wanted = 10 * (SMALL.ranges - 1) + 1
    assert {len(view(views, number).ranges.spans) for number in range(60)} == {wanted}


def test_a_new_version_has_other_ranges_and_lets_the_late_sender_in(tmp_path: Path) -> None:
    before, after = compiled(tmp_path, 1), compiled(tmp_path, 2)
    assert all(view(before, number) != view(after, number) for number in range(60))
    assert before.senders[SMALL.late].refusal is not None
    assert after.senders[SMALL.late].refusal is None


def test_the_same_seed_makes_the_same_document() -> None:
    assert SMALL.document(1) == SMALL.document(1)


def test_the_large_one_is_of_the_size_that_its_figures_name() -> None:
    document = ORGANISATION.document()
    ranges = [len(each["gatewayAllowedIpRanges"]) for each in document["policies"][1:]]
    tags = {tuple(each["tags"]) for each in document["systems"][2:]}
    assert (len(document["systems"]), len(ranges), set(ranges)) == (10_000, 1_000, {50})
    assert len(tags) == 2_000


def test_reading_and_compiling_alone_are_timed_apart(tmp_path: Path) -> None:
    compiled(tmp_path, 1)
    read, took = compile_alone(tmp_path / "organisation.json")
    assert read > 0 < took
