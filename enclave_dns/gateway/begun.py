"""One query while it is answered: what has been looked up for it so far, and since when.

A query for addresses begins without a task: its own question is put to a nameserver, and what comes
back is decided where it comes in. Most queries end there; the others go on from there as a task.
"""

from collections.abc import Callable, Mapping
from typing import Final

from enclave_dns.disclosure.reply import Reply
from enclave_dns.gateway.pacing import release_at
from enclave_dns.resolution import Question, Resolution
from enclave_dns.serve.program import Audience

TARGET_TIME: Final = 0.4
"""Seconds for looking up the targets of records, after the records themselves."""

Answered = tuple[Audience, Reply]


class Begun:
    """A query of `source` whose own question was put to the nameserver at place `start`.

    `generation` is that of the nameservers; `settle` makes the reply of it, where that is all that
    it takes.
    """

    __slots__ = ("_settle", "generation", "progress", "question", "source", "start")

    def __init__(
        self,
        settle: "Callable[[Begun], Answered | None]",
        source: str,
        question: Question,
        *,
        generation: int,
        start: int,
        arrival: float,
    ) -> None:
        self._settle = settle
        self.source = source
        self.question = question
        self.generation = generation
        self.start = start
        self.progress = Progress(arrival)

    def answer(self) -> Answered | None:
        """The reply, where what was heard is all that it takes."""
        return self._settle(self) if self.progress.answers else None


class Progress:
    """How far the look-ups of one query have come. Times are the loop's clock, in seconds."""

    __slots__ = ("_ended", "_targets_until", "answers", "arrival", "look_up_time")

    def __init__(self, arrival: float) -> None:
        self.arrival = arrival
        self.answers: dict[Question, Resolution] = {}
        self.look_up_time = 0.0
        self._ended = arrival
        self._targets_until: float | None = None

    def add(self, found: Mapping[Question, Resolution], now: float) -> None:
        """Take the answers of one round, which has ended now; its look-ups ran beside each other.

        What was remembered counts with the time that it took when it was looked up; looked up anew,
        it counts once, with the longer of the two times.
        """
        known = self.answers
        times = [
            one.elapsed - (known[question].elapsed if question in known else 0.0)
            for question, one in found.items()
        ]
        self.look_up_time += max([0.0, *times])
        known.update(found)
        self._ended = now

    def forget(self) -> None:
        """Begin anew: other nameservers answer now."""
        self.answers.clear()
        self._targets_until = None

    def target_deadline(self, now: float) -> float:
        """Until when targets are looked up: counted from when the first one was wanted."""
        if self._targets_until is None:
            self._targets_until = now + TARGET_TIME
        return self._targets_until

    def is_late(self, now: float) -> bool:
        """Whether what is not settled now is left out."""
        return self._targets_until is not None and now >= self._targets_until

    def release(self, pace: float, limit: float) -> float:
        """When a no-answer may leave: its step covers the look-ups, and our own wait for them."""
        time = max(self.look_up_time, self._ended - self.arrival)
        return release_at(self.arrival, time, pace, limit)
