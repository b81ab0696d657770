"""What each resolver library makes of the stub: measured, and kept in the README.

    cafe  lan0 -- lan0  traveller  overlay0 -- overlay0  site

The traveller's laptop has a nameserver of the cafe, which knows a public name and says of all
others that they do not exist; behind the gateway is the site's. `python -m
tests.lab.resolver_matrix` writes the tables into the README (root, after `make deps`).
"""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.lab.daemons import Daemons
from tests.lab.load import favoured
from tests.lab.namespaces import Namespace, Network
from tests.lab.office import UNBOUND, start_dnsmasq, start_unbound
from tests.lab.programs import (
    DEVELOPER,
    GATEWAY,
    ORGANISATION,
    ROOT,
    Program,
    start_gateway,
    start_stub,
)
from tests.lab.resolvers import NOT_FOUND, TIMEOUT, Library, Outcome, found, libraries, resolved
from tests.lab.system_bus import RESOLV_CONF, Desktop

README: Final = ROOT / "README.md"

LAN_SERVER: Final = "192.168.7.1"
LAN_CONF: Final = "local=/com/\nlocal=/net/\nlocal=/enclave/\n"
"""Whatever of these its hosts file does not list does not exist for the LAN's server."""

RESOLVER_TIMEOUT: Final = 5.0
"""Seconds that a C library waits for one nameserver by default (resolv.conf(5))."""

LONGEST: Final = 30.0
RACE: Final = "race"

BOTH_FAMILIES: Final = ORGANISATION.replace(
    '{ subnet = "10.0.0.0/24" }', '{ subnet = "10.0.0.0/24" }, { subnet = "fd00:10::/64" }'
).replace('routes = ["10.0.0.0/24"]', 'routes = ["10.0.0.0/24", "fd00:10::/64"]')


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the last of `names`, after the others in the same process.

    `addresses` are those that the name has, and nobody has found it without all of them.
    """

    words: str
    names: tuple[str, ...]
    addresses: tuple[str, ...] = ()


PUBLIC = Question(
    "a public name, which the gateway does not know",
    ("www.example.com",),
    ("192.0.2.80", "2001:db8::80"),
)
PRIVATE = Question(
    "a gateway's name, in both families", ("dbserver1.corp.net",), ("10.0.0.30", "fd00:10::30")
)
AFTERWARDS = Question(
    "the same, after a public name in one process", PUBLIC.names + PRIVATE.names, PRIVATE.addresses
)
A_ONLY = Question("a gateway's name with A only", ("build.dev.corp.net",), ("10.0.0.40",))
OWN = Question("a `.enclave` name", ("kd9q2.id.enclave",), (DEVELOPER,))

WITH_ALL_UP: Final = (
    PRIVATE,
    AFTERWARDS,
    A_ONLY,
    PUBLIC,
    Question("a hidden name", ("hidden.corp.net",)),
    OWN,
    Question("a `.enclave` name that is not there", ("nobody.id.enclave",)),
)


WITHOUT_GATEWAYS: Final = (
    Question("all gateways down: a name of theirs", ("fresh.dev.corp.net",), A_ONLY.addresses),
    Question("all gateways down: a public name", PUBLIC.names, PUBLIC.addresses),
)
"""The stub still knows the names that it was asked for before; this one it was not."""

WITHOUT_STUB: Final = (
    Question("the stub killed: a gateway's name", PRIVATE.names, PRIVATE.addresses),
    Question("the stub killed: a public name", PUBLIC.names, PUBLIC.addresses),
)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the laptop comes to ask the stub. `races`: who may find or not find which questions."""

    name: str
    resolv_conf: str
    settings: Mapping[str, object]
    has_resolved: bool = False
    races: frozenset[tuple[str, Question]] = frozenset()


_LAN_ONLY = f"nameserver {LAN_SERVER}\n"

ARRANGEMENTS: Final = (
    Arrangement(
        "list",
        _LAN_ONLY,
        {"manage_dns": True},
        races=frozenset(("musl", question) for question in (PRIVATE, AFTERWARDS, A_ONLY, OWN)),
    ),
    Arrangement("link", RESOLV_CONF, {"manage_dns": True}, has_resolved=True),
    Arrangement(
        "alone", "nameserver 127.0.0.1\n", {"fallback": "system", "nameservers": [LAN_SERVER]}
    ),
)

Cells = dict[Question, dict[str, str]]
"""What each library, by its name, made of each question."""


def build_machines(network: Network, servers: Daemons) -> tuple[Namespace, Namespace]:
    """The laptop and the site's machine, with the nameservers of site and cafe running."""
    laptop, site, cafe = map(network.namespace, ("traveller", "site", "traveller-cafe"))
    network.link("overlay0", laptop, [f"{DEVELOPER}/24"], site, [f"{GATEWAY}/24"])
    network.link("lan0", laptop, ["192.168.7.2/24", "fd00:7::2/64"], cafe, [f"{LAN_SERVER}/24"])
    site.add_address("lo", f"{UNBOUND}/32")
    start_unbound(servers, site)
    names = "".join(f"{address} {PUBLIC.names[0]}\n" for address in PUBLIC.addresses)
    start_dnsmasq(servers, cafe, LAN_SERVER, LAN_CONF, names)
    return laptop, site


def measure(
    arrangement: Arrangement, machines: tuple[Namespace, Namespace], daemons: Daemons
) -> str:
    """Start it, ask every question with every library, and return the table."""
    laptop, site = machines
    gateway = start_gateway(daemons, site, BOTH_FAMILIES)
    desktop = Desktop(daemons, laptop, arrangement.resolv_conf)
    asked_with = libraries(daemons.folder("libraries"))
    if arrangement.has_resolved:
        desktop.start_bus()
        desktop.start_resolved()
        desktop.resolvectl("dns", "lan0", LAN_SERVER)
        desktop.resolvectl("default-route", "lan0", "yes")
        asked_with += (resolved(),)
    stub = _start_stub(arrangement, desktop, daemons)
    cells = _ask_all(desktop, arrangement, WITH_ALL_UP, asked_with)
    gateway.daemon.signal(signal.SIGSTOP)
    try:
        _wait_until_down(laptop, stub)
        cells |= _ask_all(desktop, arrangement, WITHOUT_GATEWAYS, asked_with)
    finally:
        gateway.daemon.signal(signal.SIGCONT)
    stub.daemon.signal(signal.SIGKILL)
    stub.daemon.wait()
    cells |= _ask_all(desktop, arrangement, WITHOUT_STUB, asked_with)
    return _table(cells, [library.name for library in asked_with])


def _start_stub(arrangement: Arrangement, desktop: Desktop, daemons: Daemons) -> Program:
    settings = {"before": desktop.before, **arrangement.settings}
    stub = start_stub(daemons, desktop.machine, BOTH_FAMILIES, **settings)
    if arrangement.settings.get("manage_dns"):
        stub.daemon.wait_for_log("the machine's DNS asks us")
    return stub


def _wait_until_down(laptop: Namespace, stub: Program) -> None:
    """Ask until the stub knows that the gateway is gone."""

    def is_down() -> bool:
        laptop.dig("@127.0.0.1", "fresh.corp.net", "A")
        return re.search(r"gateway state .*state=down", stub.log) is not None

    stub.daemon.wait_until(is_down, "a gateway that is down", within=20)


def _ask_all(
    desktop: Desktop,
    arrangement: Arrangement,
    questions: Iterable[Question],
    asked_with: Sequence[Library],
) -> Cells:
    """Each in a process of its own, several at a time."""
    pairs = [(question, library) for question in questions for library in asked_with]
    cells: Cells = {}
    with ThreadPoolExecutor(len(asked_with)) as pool:
        said = pool.map(lambda pair: _ask(desktop, *pair), pairs)
        for (question, library), outcome in zip(pairs, said, strict=True):
            cell = _cell(arrangement, library, question, *outcome)
            cells.setdefault(question, {})[library.name] = cell
    return cells


def _ask(desktop: Desktop, question: Question, library: Library) -> tuple[Outcome, float]:
    """What it says, and after how many seconds."""
    began = time.monotonic()
    try:
        run = desktop.run(*library.command, *question.names, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return Outcome(reason=TIMEOUT), LONGEST
    return library.read(run, question.names[-1]), time.monotonic() - began


def _cell(
    arrangement: Arrangement, library: Library, question: Question, outcome: Outcome, took: float
) -> str:
    """`found` is found whole and within one resolver timeout."""
    whole = found(*question.addresses)
    is_race = (library.name, question) in arrangement.races
    if is_race and outcome in (whole, Outcome(reason=NOT_FOUND)):
        return RACE
    if not outcome.addresses:
        return outcome.reason
    if outcome != whole:
        return f"found {outcome}"
    return "found" if took < RESOLVER_TIMEOUT else "found late"


def _table(cells: Cells, names: Sequence[str]) -> str:
    rows = [["asked for", *names], ["---"] * (len(names) + 1)]
    rows += [[question.words, *said.values()] for question, said in cells.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _markers(arrangement: Arrangement) -> tuple[str, str]:
    return f"<!-- measured: {arrangement.name} -->\n", "<!-- end -->\n"


def table_of(arrangement: Arrangement, text: str) -> str:
    """The table that stands in a README. Raises ValueError where there is none."""
    begin, end = _markers(arrangement)
    start = text.index(begin) + len(begin)
    return text[start : text.index(end, start)]


def with_table(arrangement: Arrangement, text: str, table: str) -> str:
    """A README's text with another table. Raises ValueError where it has no place for it."""
    begin, _ = _markers(arrangement)
    old = table_of(arrangement, text)
    return text.replace(begin + old, begin + table)


def _measure_all() -> Iterator[tuple[Arrangement, str]]:
    with tempfile.TemporaryDirectory() as name, Network() as network, favoured():
        folder = Path(name)
        with Daemons(folder / "servers") as servers:
            machines = build_machines(network, servers)
            for arrangement in ARRANGEMENTS:
                with Daemons(folder / arrangement.name) as daemons:
                    yield arrangement, measure(arrangement, machines, daemons)


def main() -> int:
    """Measure, and write what was found into the README."""
    for arrangement, table in _measure_all():
        print(arrangement.name, table, sep="\n")
        text = README.read_text(encoding="utf-8")
        README.write_text(with_table(arrangement, text, table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
