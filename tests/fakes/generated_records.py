"""Records of every type, made of choices; malformed ones where the rule has to see that."""

from enclave_dns.wire.names import ROOT, Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.address_holders import BY_TYPE
from tests.fakes.choices import Choices
from tests.fakes.world_contents import (
    ADDRESSES,
    HOLDING,
    NAMES,
    ONLY_OPEN,
    POINTING,
    TEXTS,
    TEXTUAL,
    TTLS,
)

SIGNATURE = b"signedx7"


def family(address: bytes) -> RRType:
    """The record type that holds an address."""
    return RRType.A if len(address) == 4 else RRType.AAAA


def address_records(
    choices: Choices, owner: Name, pool: list[bytes], most: int = 4
) -> list[Record]:
    """Some addresses of the pool under a name, duplicates among them."""
    found = choices.some(pool, most)
    return [Record(owner, family(one), choices.pick(TTLS), one) for one in found]


def pointing(choices: Choices, owner: Name, rtype: int, target: Name) -> Record:
    """A record that points at a target, perhaps in capitals."""
    if choices.chance(15):
        target = target.upper()
    if rtype in (RRType.HTTPS, RRType.SVCB):
        rdata = _service(choices, target)
    elif rtype == RRType.SRV:
        rdata = choices.below(3).to_bytes(2) + b"\0\7\x01\x85" + target
    else:
        rdata = b"" if rtype == RRType.NS else choices.below(3).to_bytes(2)
        rdata += target
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def _service(choices: Choices, target: Name) -> bytes:
    """SVCB RDATA: alias mode, service mode with hints and other keys, or malformed."""
    if choices.chance(30):
        return b"\0\0" + target
    params: dict[int, bytes] = {}
    if choices.chance(40):
        params[1] = b"\2h2"
    if choices.chance(20):
        params[3] = b"\x01\xbb"
    for key, size in ((4, 4), (6, 16)):
        pool = sorted(address for address in ADDRESSES if len(address) == size)
        hints = choices.some(pool, 3)
        if hints:
            params[key] = b"".join(hints)
    if choices.chance(15):
        params[5] = b"\0\x0d\xfe\x0d\0\x09echsecret"
    if choices.chance(15):
        params[65400] = b"keysecret"
    if choices.chance(30) and params:
        listed = sorted(key for key in params if choices.chance(60))
        if listed:
            params[0] = b"".join(key.to_bytes(2) for key in listed)
    order = sorted(params, reverse=choices.chance(5))
    pieces = [key.to_bytes(2) + len(params[key]).to_bytes(2) + params[key] for key in order]
    return b"\0\1" + target + b"".join(pieces) + (b"\0" if choices.chance(5) else b"")


def textual(choices: Choices, owner: Name, rtype: int, text: bytes) -> Record:
    """A record that holds a text (SSHFP and TLSA hold none)."""
    match rtype:
        case RRType.TXT:
            cut = choices.below(len(text))
            parts = (text[:cut], text[cut:]) if cut else (text,)
            rdata = b"".join(bytes((len(part),)) + part for part in parts)
        case RRType.CAA:
            rdata = b"\0\5issue" + text
        case RRType.URI:
            rdata = b"\0\1\0\1" + text
        case RRType.NAPTR:
            rdata = b"\0\1\0\1\1u\3E2U" + bytes((len(text),)) + text + ROOT
        case RRType.SSHFP:
            rdata = b"\1\1" + b"fingerprint of twenty"[:20]
        case _:
            rdata = b"\3\1\1" + b"fingerprint of thirty-two bytes!"
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def only_open(choices: Choices, owner: Name, rtype: int) -> Record:
    """A record of a type that only an open view discloses: whole, or a hostile holder."""
    match rtype:
        case _ if rtype in BY_TYPE:
            rdata = choices.pick(BY_TYPE[rtype])
        case RRType.SOA:
            rdata = owner + owner + bytes(20)
        case RRType.RP:
            rdata = owner + ROOT
        case RRType.HINFO:
            rdata = b"\7neverx7\0"
        case RRType.NSEC:
            rdata = b"\7neverx7\0" + b"\0\1\x40"
        case RRType.RRSIG:
            rdata = bytes(18) + b"\7neverx7\0" + b"any signature"
        case _:
            rdata = b"\7neverx7" + bytes(12)
    return Record(owner, rtype, choices.pick(TTLS), rdata)


def signature(owner: Name, covered: int, ttl: int, number: int) -> Record:
    """An RRSIG (RFC 4034, 3.1) with a number that no other has; nobody verifies it."""
    head = covered.to_bytes(2) + b"\x0d\3" + ttl.to_bytes(4) + bytes(10)
    return Record(owner, RRType.RRSIG, ttl, head + ROOT + SIGNATURE + number.to_bytes(2) * 4)


def other_records(choices: Choices, owner: Name, targets: tuple[Name, ...]) -> list[Record]:
    """Records of the types beside addresses: a few types, one to three of each."""
    found: list[Record] = []
    for _ in range(choices.below(3)):
        kind = choices.below(9)
        if kind < 4 and targets:
            rtype: int = choices.pick(POINTING)
            count = 1 + choices.below(3)
            pool = (*targets, ROOT) if choices.chance(20) else targets
            found += [pointing(choices, owner, rtype, choices.pick(pool)) for _ in range(count)]
        elif kind < 7:
            rtype = choices.pick(TEXTUAL)
            texts = [choices.pick(tuple(TEXTS)) for _ in range(1 + choices.below(2))]
            found += [textual(choices, owner, rtype, text) for text in texts]
        elif kind < 8:
            found.append(only_open(choices, owner, choices.pick(ONLY_OPEN)))
        else:
            rtype = choices.pick(HOLDING)
            found += [only_open(choices, owner, rtype) for _ in range(1 + choices.below(3))]
    return found


def alias(choices: Choices, owner: Name, targets: tuple[Name, ...]) -> tuple[Record, ...]:
    """A name that is another's."""
    return (Record(owner, RRType.CNAME, choices.pick(TTLS), choices.pick(targets)),)


def pointers(choices: Choices, owner: Name) -> tuple[Record, ...]:
    """PTR records of one reverse name."""
    names = [choices.pick(NAMES) for _ in range(1 + choices.below(2))]
    return tuple(Record(owner, RRType.PTR, choices.pick(TTLS), name) for name in names)


def reverse_entry(choices: Choices, owner: Name) -> dict[Name, tuple[Record, ...]]:
    """The PTR records of an address, some through an alias (RFC 2317)."""
    if not choices.chance(25):
        return {owner: pointers(choices, owner)}
    target = b"\5alias" + owner
    link = Record(owner, RRType.CNAME, choices.pick(TTLS), target)
    return {owner: (link,), target: pointers(choices, target)}
