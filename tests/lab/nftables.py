"""Tables of nftables in one namespace, there for the length of a `with` block.

Faults drop and reject at the kernel's usual priority; counters stand before them, so that they see
what arrives at a machine even where a fault takes it away.
"""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.lab.namespaces import Namespace

_NUMBERS = itertools.count(1)

EARLY, USUAL = -10, 0


@contextmanager
def table(
    namespace: Namespace, *, arriving: str = "", leaving: str = "", priority: int = USUAL
) -> Iterator[str]:
    """A table with rules (one per line) for packets to and from programs; gives its name."""
    name = f"lab{next(_NUMBERS)}"
    chains = "".join(
        f"chain {hook} {{\ntype filter hook {hook} priority {priority}\n{rules}\n}}\n"
        for hook, rules in (("input", arriving), ("output", leaving))
        if rules
    )
    namespace.succeed("nft", f"table inet {name} {{\n{chains}}}\n")
    try:
        yield name
    finally:
        namespace.succeed("nft", f"delete table inet {name}")


@dataclass(frozen=True, slots=True)
class Counter:
    """How many packets have matched so far."""

    namespace: Namespace
    table: str

    @property
    def packets(self) -> int:
        listed = json.loads(
            self.namespace.succeed("nft", "-j", "list", "table", "inet", self.table)
        )
        rules = [entry["rule"] for entry in listed["nftables"] if "rule" in entry]
        return sum(
            part["counter"]["packets"]
            for rule in rules
            for part in rule["expr"]
            if "counter" in part
        )


@contextmanager
def counted(namespace: Namespace, *, arriving: str = "", leaving: str = "") -> Iterator[Counter]:
    """Count the packets that match: `counted(gateway, arriving="udp dport 53")`."""
    rules = {"arriving": arriving, "leaving": leaving}
    counting = {hook: f"{match} counter" for hook, match in rules.items() if match}
    with table(namespace, priority=EARLY, **counting) as name:
        yield Counter(namespace, name)
