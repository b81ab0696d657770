"""Following a question along CNAMEs through what is known, to where its chain ends.

A resolution may end at a name about which its nameserver said nothing (many small servers send a
CNAME without its target); the walk then goes on in the resolution of that name, or says that it is
wanted. Length and repetition are bounded; past the bound the question simply has no data.
"""

from collections.abc import Mapping

from enclave_dns.resolution import MAX_CHAIN, Outcome, Question, Resolution
from enclave_dns.values import value
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record


@value(frozen=True, slots=True)
class Wants:
    """The decision needs these questions answered by the nameservers first.

    `refresh`: what is known of them is too old for this view. `are_targets`: they are about names
    that records point at, for which there is less time.
    """

    questions: tuple[Question, ...]
    refresh: bool = False
    are_targets: bool = False


@value(frozen=True, slots=True)
class Walk:
    """Where a question led: the chain from its name, and what is at the chain's end.

    `ttl` (seconds) is the shortest and `age` (seconds) the longest of the resolutions on the way;
    `is_stale` says whether any of them is. `questions` are those that led here, `signatures` the
    RRSIGs over chain and rrset.
    """

    outcome: Outcome
    end: Name
    chain: tuple[Record, ...] = ()
    rrset: tuple[Record, ...] = ()
    ttl: int = 0
    age: float = 0.0
    is_stale: bool = False
    questions: tuple[Question, ...] = ()
    signatures: tuple[Record, ...] = ()


def walk(question: Question, answers: Mapping[Question, Resolution]) -> Walk | Wants:
    """Follow a question as far as the answers lead."""
    first = answers.get(question)
    if first is not None and first.is_final and not first.chain:
        return _direct(question, first)
    chain: tuple[Record, ...] = ()
    name = question.name
    visited = {name}
    passed: tuple[Resolution, ...] = ()
    asked: tuple[Question, ...] = ()
    while True:
        here = Question(name, question.rtype)
        asked += (here,)
        resolution = answers.get(here)
        if resolution is None:
            return Wants((here,))
        passed += (resolution,)
        chain += resolution.chain
        name = resolution.end
        links = sum(record.rtype == RRType.CNAME for record in chain)
        if resolution.is_final:
            if links > MAX_CHAIN:
                return _cut(name, chain, passed, asked)
            return Walk(
                resolution.outcome,
                name,
                chain,
                resolution.rrset,
                min(one.ttl for one in passed),
                max(one.age for one in passed),
                any(one.is_stale for one in passed),
                asked,
                tuple(signature for one in passed for signature in one.signatures),
            )
        if links > MAX_CHAIN or name in visited:
            return _cut(name, chain, passed, asked)
        visited.add(name)


def _direct(question: Question, resolution: Resolution) -> Walk:
    """No chain, as nearly always: what one resolution says."""
    return Walk(
        resolution.outcome,
        resolution.end,
        (),
        resolution.rrset,
        resolution.ttl,
        resolution.age,
        resolution.is_stale,
        (question,),
        resolution.signatures,
    )


def _cut(
    name: Name,
    chain: tuple[Record, ...],
    passed: tuple[Resolution, ...],
    asked: tuple[Question, ...],
) -> Walk:
    """A chain that leads nowhere, for as long as what was said on the way counts."""
    ttl = min(one.ttl for one in passed)
    age = max(one.age for one in passed)
    is_stale = any(one.is_stale for one in passed)
    return Walk(Outcome.FAILED, name, chain, (), ttl, age, is_stale, asked)
