"""An organisation as large as they come, drawn from a seed: the same document every time.

Each policy is for a tag of its own and permits RANGES ranges; each sender holds TAGS_EACH tags, in
one of CLASSES combinations. So there are CLASSES views of about RANGES * TAGS_EACH ranges, and the
senders of one class share theirs.
"""

import hashlib
import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

SYSTEMS: Final = 10_000
POLICIES: Final = 1_000
RANGES: Final = 50
CLASSES: Final = 2_000
TAGS_EACH: Final = 10

GATEWAY_ID: Final = "GW00000"
GATEWAY: Final = "127.100.0.1"
SENDERS: Final = "127.101.0.0"
"""The first of the senders' addresses; each has the next one."""

_V4: Final = int(IPv4Address("10.0.0.0"))
_V6: Final = int(IPv6Address("fd00::"))
_ACLS: Final = [{"protocol": "any"}]

Document = dict[str, Any]


class _Draws:
    """Numbers that look drawn and are the same in every run."""

    def __init__(self, seed: int) -> None:
        self._bytes = self._stream(seed)

    def below(self, limit: int) -> int:
        """A number from 0 up to `limit`, exclusive; `limit` is at most 2**32."""
        return int.from_bytes(bytes(next(self._bytes) for _ in range(6))) % limit

    @staticmethod
    def _stream(seed: int) -> Iterator[int]:
        block = seed.to_bytes(8)
        while True:
            block = hashlib.sha256(block).digest()
            yield from block


def large_organisation(
    seed: int = 1,
    version: int = 1,
    *,
    systems: int = SYSTEMS,
    policies: int = POLICIES,
    ranges: int = RANGES,
    classes: int = CLASSES,
) -> Document:
    """The document as JSON has it: one gateway, GATEWAY_ID, and `systems - 1` senders."""
    draws = _Draws(seed)
    sets = [_tags(draws, policies) for _ in range(classes)]
    first = int(IPv4Address(SENDERS))
    senders = [
        {
            "systemId": f"S{number:06}",
            "hostname": f"laptop-{number}",
            "virtualAddress": str(IPv4Address(first + number)),
            "tags": sets[number % classes],
        }
        for number in range(systems - 1)
    ]
    gateway = {
        "systemId": GATEWAY_ID,
        "virtualAddress": GATEWAY,
        "gatewayRoutes": [{"subnet": "10.0.0.0/8"}, {"subnet": "fd00::/16"}],
    }
    return {
        "version": version,
        "virtualNetworks": ["127.100.0.0/15"],
        "systems": [gateway, *senders],
        "policies": [_policy(draws, number, ranges) for number in range(policies)],
    }


def large_file(form: str, seed: int = 1, version: int = 1, **sizes: int) -> bytes:
    """The document's bytes as `json` or `toml`."""
    return (large_json if form == "json" else large_toml)(seed, version, **sizes)


def large_json(seed: int = 1, version: int = 1, **sizes: int) -> bytes:
    """The document's bytes, as a control plane writes them."""
    return json.dumps(large_organisation(seed, version, **sizes), indent=1).encode()


def large_toml(seed: int = 1, version: int = 1, **sizes: int) -> bytes:
    """The same document as TOML, as a person might have it written."""
    document = large_organisation(seed, version, **sizes)
    lines = [
        f"version = {document['version']}",
        f"virtual_networks = {json.dumps(document['virtualNetworks'])}",
    ]
    for section in ("systems", "policies"):
        for entry in document[section]:
            lines.append(f"[[{section}]]")
            lines += [f"{_snake(key)} = {_value(value)}" for key, value in entry.items()]
    return "\n".join(lines).encode()


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _value(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_snake(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    return json.dumps(value)


def _tags(draws: _Draws, policies: int) -> list[str]:
    """Different tags, one for each of the policies that are to apply."""
    found: dict[str, None] = {}
    while len(found) < min(TAGS_EACH, policies):
        found[f"tag{draws.below(policies)}"] = None
    return list(found)


def _policy(draws: _Draws, number: int, ranges: int) -> Document:
    """Half of them permit routes, half filter one; some end, some have hours."""
    policy: Document = {
        "type": "gateway",
        "description": f"Policy {number}",
        "senderTags": [f"tag{number}"],
        "acls": _ACLS,
    }
    if number % 2:
        routes = [_prefix(draws) for _ in range(ranges)]
        policy["gateways"] = [{"systemId": GATEWAY_ID, "routes": routes}]
    else:
        entries = [{"ipRange": _range(draws), "description": "a server"} for _ in range(ranges)]
        policy["gateways"] = [{"systemId": GATEWAY_ID, "routes": ["10.0.0.0/8", "fd00::/16"]}]
        policy["gatewayAllowedIpRanges"] = entries
    if number % 50 == 0:
        hour = number // 50 % 12
        policy["activeHours"] = {
            "timeZone": "Europe/London",
            "days": ["mon", "tue", "wed", "thu", "fri"],
            "start": f"{hour:02}:00",
            "end": f"{hour + 9:02}:00",
        }
    if number % 97 == 0:
        policy["autoExpire"] = {"at": "2099-12-31T00:00:00Z"}
    return policy


def _prefix(draws: _Draws) -> str:
    if draws.below(10) == 0:
        return f"{IPv6Address(_V6 + (draws.below(1 << 32) << 64))}/64"
    return f"{IPv4Address(_V4 + (draws.below(1 << 16) << 8))}/24"


def _range(draws: _Draws) -> str:
    kind = draws.below(10)
    if kind == 0:
        return str(IPv6Address(_V6 + draws.below(1 << 32)))
    first = IPv4Address(_V4 + draws.below((1 << 24) - 64))
    return f"{first} - {first + draws.below(64)}" if kind < 4 else str(first)
