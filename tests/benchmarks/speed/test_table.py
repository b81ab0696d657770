"""What is printed and written of results that are made up; nothing is measured or drawn."""

import json

import pytest

from tests.benchmarks.figures import Figure
from tests.benchmarks.speed import table
from tests.benchmarks.speed.scenes import ECHO, US
from tests.benchmarks.speed.series import Run, Scene, Series


def series(*cpus: float) -> Series:
    return Series([Run(40_000, cpu, 0.5, 2.0, 60.0) for cpu in cpus])


def scenes(ours: float) -> dict[str, Scene]:
    hits = {US: series(ours, 30, 1), "unbound": series(10, 10, 10), ECHO: series(5, 5, 5)}
    return {table.HITS: hits, table.MISSES: {US: series(20), "unbound": series(10)}}


def test_a_table_has_a_line_for_each_server_with_the_spread_of_its_cpu() -> None:
    title, head, ours, unbound, floor = table.table(table.HITS, scenes(8)[table.HITS])
    assert title.startswith("hits (medians of 3 runs")
    assert "CPU us/reply" in head
    assert ours.split() == [US, "40,000", "8.0", "(1.0", "to", "30.0)", "0.50", "2.00", "60.0"]
    assert unbound.startswith("unbound ")
    assert floor.startswith(ECHO)


def test_a_server_that_never_answered_is_named() -> None:
    *_, line = table.table(table.HITS, {"bind9": Series()})
    assert line.split() == ["bind9", "no", "reply"]


@pytest.mark.parametrize(("ours", "is_kept"), [(7, True), (8, False)])
def test_a_bar_is_kept_or_missed_by_the_ratio_of_the_medians(ours: float, is_kept: bool) -> None:
    unbound, floor, *_ = table.bars(scenes(ours))
    assert (unbound.is_kept, unbound.text) == (True, f"{ours / 10:.2f}")
    assert floor.is_kept == is_kept
    assert ("MISSED" in str(floor)) != is_kept


def test_the_bar_of_a_peer_that_is_missing_is_missed_and_says_why() -> None:
    *_, knot = table.bars(scenes(8))
    assert (knot.name, knot.text) == ("CPU of a filtered miss / Knot Resolver", "not measured")
    assert not knot.is_kept


def test_scenes_that_were_not_played_have_no_bars() -> None:
    assert list(table.bars({})) == []


def test_wrong_answers_are_told_with_scene_and_server() -> None:
    scene = {"bind9": Series([], ["3 x SERVFAIL"])}
    assert table.wrong({table.MISSES: scene}) == ["misses, bind9: 3 x SERVFAIL"]


def test_every_product_says_how_it_filters() -> None:
    mixed = {US: "the permitted one", "bind9": "SERVFAIL"}
    _, ours, bind, _ = table.filters(mixed)
    assert ours.split()[:4] == [US, "the", "permitted", "one"]
    assert "deny-answer-addresses" in bind


def test_all_of_it_is_plain_json() -> None:
    figures = [Figure("ready", "0.5 s", "at most 1 s", True)]
    plain = table.plain(
        "a machine", {"unbound": "1.17"}, {US: "SERVFAIL"}, scenes(8), figures, ["a fault"]
    )
    again = json.loads(json.dumps(plain))
    assert again["schema"] == 1
    assert again["scenes"]["hits"]["unbound"]["cpu"]["median"] == 10
    assert again["figures"][0]["is_kept"] is True
    assert again["wrong"] == ["a fault"]
