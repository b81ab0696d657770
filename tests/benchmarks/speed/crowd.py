"""Many senders with views of their own: what a hit costs then, and what a new document costs.

Two thousand senders of two thousand views ask for the same names from one socket, against one
sender with as many entries in its cache. Then a new version of the organisation is written while
they go on asking: it is in use when a sender whom only that version permits has an answer.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from enclave_dns.config import load_organisation
from enclave_dns.gateway.views import compile_views
from enclave_dns.organisation.versions import own_system
from tests.benchmarks.figures import Figure
from tests.benchmarks.rig import GATEWAY, connected, query
from tests.benchmarks.speed.fresh import Fresh
from tests.benchmarks.speed.load import Senders, result
from tests.benchmarks.speed.names import NAMES, PERMITTED, permitted
from tests.benchmarks.speed.samples import verdict
from tests.benchmarks.speed.scenes import Bench, tell
from tests.benchmarks.speed.series import Spread
from tests.benchmarks.speed.servers import ASKER, Server, gateway
from tests.fakes.many_policies import GATEWAY_ID, ManyPolicies

ORGANISATION = ManyPolicies(GATEWAY, PERMITTED)
FILE = "organisation.json"
WINDOW = 100
FILLED = 20.0
"""Seconds at most until everything was asked for."""

RATE = 3_000
SWAP_SECONDS = 12.0
BEFORE = 3.0
"""Seconds of load before the new document is written."""


def crowd(bench: Bench, senders: Senders) -> Iterator[Figure]:
    """All figures of the fixture."""
    document = {FILE: json.dumps(ORGANISATION.document())}
    with ExitStack() as stack:
        few = stack.enter_context(gateway("one sender", bench.both, bench.core, bench.folder))
        before = time.perf_counter()
        many = stack.enter_context(
            gateway("many senders", bench.both, bench.core, bench.folder, document=document)
        )
        tell(f"ready with {ORGANISATION.systems:,} systems in {time.perf_counter() - before:.1f} s")
        yield cost(bench, senders, few, many)
        yield from swap(bench, senders, many)


def cost(bench: Bench, senders: Senders, few: Server, many: Server) -> Figure:
    """CPU of a hit with many senders, over that with one; as many entries in both caches."""
    views = ORGANISATION.views
    one, all_of_them = bench.folder / "one.names", bench.folder / "all.names"
    one.write_text("".join(f"{ASKER} host{n}.corp.net\n" for n in range(NAMES)))
    asked = ((ORGANISATION.address(n % views), n // views) for n in range(NAMES))
    all_of_them.write_text("".join(f"{at} host{number}.corp.net\n" for at, number in asked))
    spent: dict[str, list[float]] = {few.name: [], many.name: []}
    faults: list[str] = []
    asked_of = ((few, one), (many, all_of_them))
    fresh = {server: Fresh(partial(fill, senders, server, file)) for server, file in asked_of}
    for _ in range(bench.rounds):
        for server, file in asked_of:
            fresh[server].for_next(bench.seconds)
            before = server.process.processor()
            sent = senders.ask(server.place, file, window=WINDOW, seconds=bench.seconds)
            spent[server.name].append((server.process.processor() - before) / sent.answered * 1e6)
            faults += sent.faults
    if faults:
        raise RuntimeError(f"many senders: {', '.join(faults)}")
    here, there = (Spread.of(spent[server.name]) for server in (many, few))
    ratio = here.median / there.median
    return Figure(
        f"CPU of a hit with {views:,} views / with one sender",
        f"{ratio:.2f} ({here.median:.1f} us from {here.low:.1f} to {here.high:.1f}, / "
        f"{there.median:.1f} us from {there.low:.1f} to {there.high:.1f})",
        "at most 1.1",
        ratio <= 1.1,
    )


def fill(senders: Senders, server: Server, file: Path) -> None:
    """Ask for everything twice: the first time makes an entry, the second lets it stay."""
    senders.ask(server.place, file, window=WINDOW, seconds=FILLED, times=2)


def swap(bench: Bench, senders: Senders, server: Server) -> Iterator[Figure]:
    """Write a new document under load: how long until it is in use, and the longest silence."""
    written = bench.folder / server.name / f"{FILE}.new"
    written.write_text(json.dumps(ORGANISATION.document(2)))
    load = bench.folder / "load.names"
    load.write_text(
        "".join(f"{ORGANISATION.address(n)} host0.corp.net\n" for n in range(ORGANISATION.views))
    )
    calm = senders.ask(server.place, load, window=1000, rate=RATE, seconds=BEFORE)
    process = senders.asking(server.place, load, window=1000, rate=RATE, seconds=SWAP_SECONDS)
    try:
        time.sleep(BEFORE)
        written.replace(bench.folder / server.name / FILE)
        took = until_permitted(server, SWAP_SECONDS)
    finally:
        stormy = result(process, SWAP_SECONDS)
    read, compiled = compile_alone(bench.folder / server.name / FILE)
    yield Figure(
        "compile and swap of the fixture",
        f"{took:.2f} s under load (alone: read {read:.2f} s, compiled {compiled:.2f} s)",
        "at most 2 s",
        took <= 2.0,
    )
    yield Figure(
        "longest gap between replies during it",
        f"{stormy.gap:.0f} ms (without a swap {calm.gap:.0f} ms; {stormy.lost:,} replies lost, "
        f"{stormy.wrong:,} wrong)",
        "at most 50 ms, none lost",
        stormy.gap <= 50 and not stormy.lost and not stormy.wrong,
    )


def until_permitted(server: Server, seconds: float) -> float:
    """Seconds until the late sender has its answer; infinite where it has none in time."""
    name = "host0.corp.net"
    start = time.perf_counter()
    with connected(ORGANISATION.late, server.place) as sock:
        sock.settimeout(0.05)
        while (took := time.perf_counter() - start) < seconds:
            try:
                sock.send(query(name))
                if not verdict(sock.recv(4096), name, permitted(name)):
                    return took
            except OSError:
                continue
            time.sleep(0.005)
    return float("inf")


def compile_alone(file: Path) -> tuple[float, float]:
    """Seconds to read the document, and to compile its views, with nothing else to do."""
    start = time.perf_counter()
    organisation = load_organisation(file)
    read = time.perf_counter()
    compile_views(organisation, own_system(organisation, GATEWAY_ID), datetime.now(UTC), 1)
    return read - start, time.perf_counter() - read
