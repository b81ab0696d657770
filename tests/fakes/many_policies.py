"""A large organisation, the same one for the same seed and version: thousands of senders and views.

Each policy lets the holders of its own tag reach the one range that all have in common, and many
small ones that no other policy has. Senders hold the tags of ten policies; those who hold the same
ten have one view. Addresses are 127.101.x.y, so that anybody on loopback can ask as any of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_256
from ipaddress import IPv4Address
from typing import Any

GATEWAY_ID = "WZL94"
LATE = "LATE1"
"""A sender who may reach the common range from version 2 on, and nothing before."""

_FIRST = int(IPv4Address("127.101.0.1"))
_LATE_AT = "127.102.0.1"
_SMALL = int(IPv4Address("10.0.0.0"))
_STEP = 256
_TAGS_EACH = 10


@dataclass(frozen=True, slots=True)
class ManyPolicies:
    """How much of everything. `common` is a subnet outside 10.0.0.0/8."""

    gateway: str
    common: str
    systems: int = 10_000
    policies: int = 1_000
    ranges: int = 50
    views: int = 2_000
    seed: int = 1

    def document(self, version: int = 1) -> dict[str, Any]:
        """The organisation as a control plane writes it. Small ranges differ between versions."""
        return {
            "version": version,
            "virtualNetworks": ["127.100.0.0/14"],
            "systems": [self._gateway(), self._late(), *self._senders()],
            "policies": [self._late_policy(version), *self._policies(version)],
        }

    def address(self, number: int) -> str:
        """Where the n-th sender asks from; its view is that of number % views."""
        return str(IPv4Address(_FIRST + number))

    @property
    def late(self) -> str:
        """Where LATE asks from."""
        return _LATE_AT

    def _gateway(self) -> dict[str, Any]:
        routes = [{"subnet": "10.0.0.0/8"}, {"subnet": self.common}]
        return {"systemId": GATEWAY_ID, "virtualAddress": self.gateway, "gatewayRoutes": routes}

    def _late(self) -> dict[str, Any]:
        return {"systemId": LATE, "virtualAddress": _LATE_AT, "tags": ["late"]}

    def _senders(self) -> Iterator[dict[str, Any]]:
        tags = self._tags()
        for number in range(self.systems - 2):
            yield {
                "systemId": f"X{number}",
                "hostname": f"laptop-{number}",
                "virtualAddress": self.address(number),
                "tags": tags[number % self.views],
            }

    def _tags(self) -> list[list[str]]:
        """Ten different tags for each view, no two views alike."""
        found: dict[frozenset[int], None] = {}
        numbers = self._numbers("tags", 4 * _TAGS_EACH * self.views)
        while len(found) < self.views:
            drawn: set[int] = set()
            while len(drawn) < _TAGS_EACH:
                drawn.add(next(numbers) % self.policies)
            found[frozenset(drawn)] = None
        return [[f"team-{number}" for number in sorted(drawn)] for drawn in found]

    def _policies(self, version: int) -> Iterator[dict[str, Any]]:
        sizes = self._numbers(f"sizes {version}", self.policies * self.ranges)
        block = _SMALL
        for number in range(self.policies):
            ranges = [self.common]
            for _ in range(self.ranges - 1):
                ranges.append(_range(block, next(sizes)))
                block += _STEP
            yield self._policy(f"team-{number}", ranges)

    def _late_policy(self, version: int) -> dict[str, Any]:
        return {**self._policy("late", [self.common]), "isEnabled": version > 1}

    def _policy(self, tag: str, ranges: list[str]) -> dict[str, Any]:
        routes = ["10.0.0.0/8", self.common]
        return {
            "type": "Gateway",
            "description": f"what {tag} may reach",
            "senderTags": [tag],
            "gateways": [{"systemId": GATEWAY_ID, "routes": routes}],
            "gatewayAllowedIpRanges": [{"ipRange": text} for text in ranges],
            "acls": [{"protocol": "Any"}],
        }

    def _numbers(self, what: str, count: int) -> Iterator[int]:
        digest = shake_256(f"{self.seed} {what}".encode()).digest(4 * count)
        return (int.from_bytes(digest[at : at + 4]) for at in range(0, len(digest), 4))


def _range(block: int, number: int) -> str:
    """An address, a subnet or a range, anywhere in the 256 addresses from `block` on."""
    low = block + number // 4 % 112
    match number % 3:
        case 0:
            return str(IPv4Address(low))
        case 1:
            return f"{IPv4Address(low & ~15)}/28"
        case _:
            return f"{IPv4Address(low)} - {IPv4Address(low + number // 1024 % 100)}"
