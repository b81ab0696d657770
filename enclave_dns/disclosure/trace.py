"""What the rule thought of each record, for `explain`: the same decision, written down.

The deciding code notes verdicts into a `Trace` where it is given one; serving gives none.
"""

from dataclasses import dataclass, field

from enclave_dns.wire.record import Record


@dataclass(frozen=True, slots=True)
class Verdict:
    """One record of one source, and what the rule says of it.

    `rule` is a row of the disclosure table (`D1`); `reason` is in words. `address` is the address
    that was judged, where there is one.
    """

    source: str
    record: Record
    is_allowed: bool
    rule: str
    reason: str
    address: bytes | None = None


@dataclass(slots=True)
class Trace:
    """Collects verdicts and remarks of one decision, in the order in which they were reached."""

    verdicts: list[Verdict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what an earlier pass over fewer facts noted."""
        self.verdicts.clear()
        self.remarks.clear()

    def note(self, verdict: Verdict) -> None:
        """Keep a verdict, once."""
        if verdict not in self.verdicts:
            self.verdicts.append(verdict)

    def remark(self, text: str) -> None:
        """Keep a remark about the decision as a whole, once."""
        if text not in self.remarks:
            self.remarks.append(text)
