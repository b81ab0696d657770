"""Pairs of worlds that differ only in what a sender may not learn, and scripts of questions.

What may be learned is decided by the naive models alone. They also check every pair: to each
question that is asked, both worlds disclose the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from enclave_dns.gateway.views import Sender, view_of
from enclave_dns.organisation.permission import permissions_at
from enclave_dns.resolution import Question
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode, RRType
from tests.fakes.choices import Choices
from tests.fakes.hidden_from_open import tidied, varied_openly
from tests.fakes.hidden_from_restricted import varied
from tests.fakes.naive_model import BY_POLICY, Model
from tests.fakes.naive_open_model import OpenModel
from tests.fakes.organisations import NOON, gateway, gateway_policy, organisation
from tests.fakes.virtual_clock import Asked, Heard, play
from tests.fakes.world_contents import (
    DNAMED,
    FAMILIES,
    HOLDING,
    KEYS,
    NOWHERE,
    OWNERS,
    POINTING,
    REVERSE,
    ROUTES,
    SUFFIX,
    TARGETS,
    TYPES,
)
from tests.fakes.worlds_of_all_types import World, world_of

MAIN, OTHER = "100.64.0.12", "100.64.0.13"
WAITS = (0.0, 1.07, 2.07, 5.07, 60.07, 400.07)
"""Seconds between questions; no sum of them comes within a look-up's time of any TTL."""

HEADER = b"\xbe\xef%s\0\1\0\0\0\0\0%c"
OPT = b"\0\0\x29%s\0\0%c\0\0\0"
OPENING = (("0.0.0.0/0",), ("0.0.0.0/1", "128.0.0.0/1"))


@dataclass(frozen=True)
class Policy:
    """What a sender may reach, and the rcode of its no-answers.

    `is_filtered`: by subnet filters, behind a route that holds everything.
    """

    routes: tuple[str, ...]
    has_suffix: bool
    rcode: RCode
    is_open: bool = False
    is_filtered: bool = False

    @cached_property
    def sender(self) -> Sender:
        """As the gateway compiles it."""
        routes, only = self.routes, self.routes if self.is_filtered else ()
        if only:
            routes = ("0.0.0.0/0", "::/0")
        suffixes = (SUFFIX,) if self.has_suffix else ()
        policy = gateway_policy(*routes, only=only, disclosed_suffixes=suffixes)
        here = gateway("GW", "100.64.0.70", *routes, no_answer=self.rcode)
        permission = permissions_at(organisation(policy, systems=(here,)), here, NOON)["USER"]
        key = sha256(repr(self).encode()).digest()
        return Sender(key, key.hex()[:8], view=view_of(permission, here))

    def model(self, world: World, longest: int | None = 30) -> Model:
        """What it may learn in a world, with TTLs of at most `longest` in a restricted view.

        A policy that permits nothing says nothing of its suffixes either.
        """
        if self.is_open:
            return OpenModel(self.routes, world, self.has_suffix)
        has_suffix = self.has_suffix and bool(self.routes)
        return Model(self.routes, world, has_suffix, longest)


@dataclass(frozen=True)
class Pair:
    """Two worlds that are one to the main sender; `questions` says what each event asks."""

    main: Policy
    other: Policy
    worlds: tuple[World, World]
    script: tuple[Asked, ...]
    questions: tuple[Question | None, ...]

    def played(self, which: int, *, begins: bool = True) -> list[Heard | None]:
        """What every event was answered with, in one of the two worlds.

        `begins`: whether queries begin without a task, as they do in service.
        """
        senders = {MAIN: self.main.sender, OTHER: self.other.sender}
        return play(self.worlds[which], senders, self.script, begins=begins)

    def differences(
        self, heard: Sequence[Heard | None], again: Sequence[Heard | None]
    ) -> list[Question | None]:
        """The main sender's questions that the two worlds, played, answer differently."""
        events = zip(self.script, self.questions, heard, again, strict=True)
        return [
            question
            for asked, question, one, other in events
            if asked.source == MAIN and (one is None or one != other)
        ]


def policy_of(choices: Choices) -> Policy:
    """A sender with a restricted view."""
    routes = tuple(route for route in ROUTES if choices.chance(55))
    rcode = choices.pick((RCode.REFUSED, RCode.NXDOMAIN))
    return Policy(routes, choices.chance(40), rcode, is_filtered=choices.chance(15))


def open_policy_of(choices: Choices) -> Policy:
    """A sender with an open view."""
    more = (route for route in (*ROUTES, "::/0") if choices.chance(35))
    routes = (*choices.pick(OPENING), *more)
    rcode = choices.pick((RCode.REFUSED, RCode.NXDOMAIN))
    return Policy(routes, choices.chance(40), rcode, is_open=True)


def pair_of(choices: Choices, *, is_open: bool = False) -> Pair:
    """A pair of worlds, two senders, and what they ask; `is_open`: the main sender's view."""
    if is_open:
        return _open_pair(choices)
    main, other = policy_of(choices), policy_of(choices)
    world = world_of(choices)
    again = varied(choices, world, main.model(world))
    return scripted(choices, main, other, (world, again))


def _open_pair(choices: Choices) -> Pair:
    main = open_policy_of(choices)
    other = (open_policy_of if choices.chance(50) else policy_of)(choices)
    world = tidied(choices, world_of(choices), main.routes)
    model = OpenModel(main.routes, world)
    again = varied_openly(choices, world, model)
    return scripted(choices, main, other, (world, again))


_KEY_QUESTIONS = tuple(Question(name, RRType.TLSA) for name in (*KEYS, *OWNERS[-2:]))


def scripted(choices: Choices, main: Policy, other: Policy, worlds: tuple[World, World]) -> Pair:
    """What two senders ask, one of them only where both worlds disclose the same to it."""
    of_main = tuple(main.model(world, None) for world in worlds)
    of_other = tuple(other.model(world, None) for world in worlds)
    script: list[Asked] = []
    questions: list[Question | None] = []
    asked = [_question(choices, of_main[0]) for _ in range(5)]
    for _ in range(12):
        wait = choices.pick(WAITS)
        if choices.chance(7):
            script.append(Asked(wait, turns_up=choices.chance(50)))
            questions.append(None)
            continue
        question, before = choices.pick(asked), questions[-1] if questions else None
        if not wait and not (_is_plain(question) and before and _is_plain(before)):
            wait = WAITS[1]
        source, models = (OTHER, of_other) if choices.chance(25) else (MAIN, of_main)
        if source == MAIN:
            for do in (False, True):
                first, second = (model.expected(question, do) for model in models)
                assert first == second, f"not a pair: {question}, {first}, {second}"
        elif not _is_same(models, question):
            continue
        is_tcp = choices.chance(25)
        script.append(Asked(wait, packet_of(choices, question), source, is_tcp))
        questions.append(question)
    return Pair(main, other, worlds, tuple(script), tuple(questions))


def _is_plain(question: Question) -> bool:
    """Whether a question may come together with another one.

    A look-up that two questions of one sender share starts when the earlier one wants it; where
    that one has hidden targets, they say when.
    """
    return question.rtype in FAMILIES or question.rtype == RRType.PTR


def _is_same(models: tuple[Model, ...], question: Question) -> bool:
    """Whether two worlds disclose the same of a question, and of the names that it is about."""
    is_about_others = question.rtype in POINTING or question.rtype == RRType.TLSA
    names = (question.name, *(TARGETS if is_about_others else ()))
    questions = (question, *(Question(name, rtype) for name in names for rtype in FAMILIES))
    first, second = models
    # From the same source too: what is looked up for one sender is there for the other.
    return all(first.in_hosts(name) == second.in_hosts(name) for name in names) and all(
        first.expected(one) == second.expected(one) for one in questions
    )


def _question(choices: Choices, model: Model) -> Question:
    """A question, more often than not one to which something is disclosed."""
    there = [(n, r.rtype) for n in OWNERS for r in model.world.zone.get(n, ())]
    for _ in range(5):
        found = _any_question(choices, there, isinstance(model, OpenModel))
        if model.expected(found).outcome != "no_answer" or choices.chance(30):
            break
    return found


def _any_question(choices: Choices, there: list[tuple[Name, int]], is_open: bool) -> Question:
    holding = [(name, rtype) for name, rtype in there if is_open and rtype in HOLDING]
    if holding and choices.chance(35):
        return Question(*choices.pick(holding))
    if there and choices.chance(40):
        return Question(*choices.pick(there))
    if choices.chance(10):
        return Question(choices.pick(tuple(REVERSE)), RRType.PTR)
    if choices.chance(6):
        return choices.pick(_KEY_QUESTIONS)
    name = choices.pick((*OWNERS, *DNAMED, NOWHERE))
    kinds = (FAMILIES, (*POINTING, RRType.CNAME), TYPES, BY_POLICY)
    return Question(name, choices.pick(choices.pick(kinds)))


def packet_of(choices: Choices, question: Question) -> bytes:
    """A query: with or without RD, CD, EDNS and DO, in lower or upper case."""
    flags = choices.pick((b"\1\0", b"\0\0", b"\1\x10"))
    name = question.name.upper() if choices.chance(20) else question.name
    body = name + question.rtype.to_bytes(2) + b"\0\1"
    form = choices.below(3)
    if form == 0:
        return HEADER % (flags, 0) + body
    size = choices.pick((1232, 512, 4096)).to_bytes(2)
    return HEADER % (flags, 1) + body + OPT % (size, 0x80 if form == 2 else 0)


def has_do(packet: bytes) -> bool:
    """Whether a query of `packet_of` asks for signatures."""
    return packet[11] == 1 and packet[-4] == 0x80
