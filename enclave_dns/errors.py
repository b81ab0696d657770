"""The errors of enclave-dns: one root, few children, each named for who is at fault.

DNS outcomes (NXDOMAIN, REFUSED, silence) are values, never exceptions; what stands here is bad
input, a bad environment, or a message that cannot be read. Foreign exceptions are translated into
these at the edge where they arise.
"""

from dataclasses import dataclass


class EnclaveDnsError(Exception):
    """The root of all errors that enclave-dns raises on purpose."""


class MessageError(EnclaveDnsError):
    """A DNS message (or a name in it) breaks the rules of the wire; the peer is at fault."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one document.

    `key` is the path inside the document (`policies[2].gateways[0].system_id`) or empty where the
    whole file is meant; `line` counts from 1 and is None where no parser tells it.
    """

    file: str
    key: str
    reason: str
    suggestion: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        parts = [part for part in (place, self.key, self.reason) if part]
        text = ": ".join(parts)
        return f"{text} ({self.suggestion})" if self.suggestion else text


class DocumentError(EnclaveDnsError):
    """A configuration, organisation or system file cannot be used; its author is at fault.

    Carries every problem that was found, so that one run of `check` shows them all.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class EnvironmentFault(EnclaveDnsError):  # noqa: N818 - "fault" says who: the machine, not a document
    """The machine does not allow what the configuration asks for: port in use, address not ours.

    The message is one line and names the remedy.
    """
