"""The metrics as Prometheus reads them: names, labels, and what stands in README and dashboard."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from enclave_dns.observe.figures import Cache, Figures, Policy, Upstream, Workers
from enclave_dns.observe.metrics import PREFIX, registry_of
from enclave_dns.tally import ASKED, LOCAL, Durations, Traffic

ROOT = Path(__file__).parent.parent.parent
PROCESS = "process_"


def figures(role: str = "gateway") -> Figures:
    """A program that has done a little of everything."""
    traffic = Traffic()
    traffic.udp[0][1] = 7
    traffic.udp[1][28] = 2
    traffic.tcp[0][0] = 3
    traffic.tcp[0][10] = 1
    traffic.kept[5] = 4
    traffic.made[0, ASKED] = 2
    traffic.made[16, LOCAL] = 1
    traffic.times[ASKED].add(0.02)
    traffic.counts.update(
        dropped_short=5, dropped_reply=1, refused_malformed=2, closed_idle=3, unsent=1
    )
    durations = Durations()
    durations.add(0.002)
    durations.add(9.0)
    upstreams = (Upstream("10.0.0.2:53", True, durations), Upstream("x", False, Durations()))
    caches = {"reply": Cache(3, 2, 1)}
    return Figures(role, traffic, 1, caches, upstreams, 4, Policy(12), {"A": 6})


def families(role: str = "gateway") -> dict[str, Metric]:
    text = generate_latest(registry_of(lambda: figures(role))).decode()
    return {found.name: found for found in text_string_to_metric_families(text)}


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """Each sample by the values of its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for sample in family.samples
    }


def test_workers_are_told_of_where_there_are_any() -> None:
    with_workers = replace(figures(), workers=Workers(4, 3, 2))
    text = generate_latest(registry_of(lambda: with_workers)).decode()
    assert {
        sample.name.removeprefix(PREFIX): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "worker" in sample.name
    } == {"workers": 4, "workers_serving": 3, "worker_ends_total": 2}
    assert not any("worker" in name for name in families())


def test_requests_are_told_by_transport_family_and_type_and_few_types_have_a_name() -> None:
    assert values(families()[f"{PREFIX}requests"]) == {
        ("ipv4", "udp", "gateway", "A"): 7,
        ("ipv6", "udp", "gateway", "AAAA"): 2,
        ("ipv4", "tcp", "gateway", "other"): 4,
    }


def test_replies_are_told_by_rcode_and_source_in_the_words_of_the_role() -> None:
    for role, asked in (("gateway", "upstream"), ("stub", "gateway")):
        assert values(families(role)[f"{PREFIX}responses"]) == {
            ("REFUSED", role, "cache"): 4,
            ("NOERROR", role, asked): 2,
            ("BADVERS", role, "local"): 1,
        }


def test_what_is_turned_away_has_an_outcome_and_a_reason() -> None:
    assert values(families()[f"{PREFIX}rejected"]) == {
        ("dropped", "short", "gateway"): 5,
        ("dropped", "reply", "gateway"): 1,
        ("answered", "malformed", "gateway"): 2,
        ("closed", "idle", "gateway"): 3,
    }
    assert values(families()[f"{PREFIX}responses_unsent"]) == {("gateway",): 1}


def test_buckets_add_up_to_the_count() -> None:
    samples = families()[f"{PREFIX}upstream_duration_seconds"].samples
    mine = [one for one in samples if one.labels["to"] == "10.0.0.2:53"]
    buckets = {one.labels["le"]: one.value for one in mine if one.name.endswith("_bucket")}
    assert (buckets["0.001"], buckets["0.0025"], buckets["2.5"], buckets["+Inf"]) == (0, 1, 1, 2)
    rest = {one.name.rpartition("_")[2]: one.value for one in mine if "le" not in one.labels}
    assert rest == {"count": 2, "sum": 9.002}


def test_the_rest_has_the_names_that_operators_know() -> None:
    found = families()
    assert values(found[f"{PREFIX}upstream_healthy"]) == {("10.0.0.2:53",): 1, ("x",): 0}
    for name, value in (("failovers", 4), ("policy_revision", 12), ("policy_apply_failures", 0)):
        assert values(found[PREFIX + name]) == {(): value}
    assert values(found[f"{PREFIX}inflight"]) == {("gateway",): 1}
    assert values(found[f"{PREFIX}records_filtered"]) == {("A",): 6}
    kept = [values(found[f"{PREFIX}cache_{what}"]) for what in ("entries", "hits", "misses")]
    assert kept == [{("reply",): 3}, {("reply",): 2}, {("reply",): 1}]
    assert set(found[f"{PREFIX}build_info"].samples[0].labels) == {"version", "python"}
    assert f"{PROCESS}open_fds" in found


def test_no_label_can_hold_a_name_or_a_sender() -> None:
    labels = {label for found in families().values() for s in found.samples for label in s.labels}
    assert labels == {
        "cache",
        "family",
        "le",
        "outcome",
        "proto",
        "python",
        "rcode",
        "reason",
        "role",
        "source",
        "to",
        "type",
        "version",
    }


def series() -> set[str]:
    """Every name that a query may use."""
    return {sample.name for found in families().values() for sample in found.samples}


def named_in(text: str) -> set[str]:
    return set(re.findall(rf"\b(?:{PREFIX}|{PROCESS})[a-z_]+", text))


def expressions(node: object) -> Iterator[str]:
    """The queries of a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "expr":
                yield value
            yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    boards = list(ROOT.joinpath("conf", "grafana").glob("*.json"))
    assert boards
    for board in boards:
        asked = list(expressions(json.loads(board.read_text())))
        assert asked
        for query in asked:
            assert named_in(query), query
            assert named_in(query) <= series(), query


def test_the_readme_names_metrics_that_there_are() -> None:
    section = ROOT.joinpath("README.md").read_text().partition("## Metrics and health")[2]
    named = re.findall(r"^\| `([a-z_]+)", section.partition("\n## ")[0], re.MULTILINE)
    assert named
    bases = {name.removesuffix("_count") for name in series()}
    assert {PREFIX + name for name in named} <= bases
