"""How many records a decision withheld."""

import pytest

from enclave_dns.gateway.withheld import withheld
from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.wire.names import from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record
from tests.fakes.dns_worlds import packed, view_of

NAME, END = from_text("www.corp.net"), from_text("db.corp.net")
VIEW = view_of("10.0.0.0/24")
HALF = tuple(
    Record(END, RRType.A, 60, packed(text)) for text in ("10.0.0.9", "192.168.0.30", "10.1.0.1")
)


@pytest.mark.parametrize(
    ("rtype", "answers", "number"),
    [
        pytest.param(RRType.A, {}, 0, id="nothing is known"),
        pytest.param(
            RRType.A, {NAME: Resolution(Outcome.ANSWER, END, HALF)}, 2, id="two of three are hidden"
        ),
        pytest.param(
            RRType.A,
            {
                NAME: Resolution(Outcome.ANSWER, END, is_final=False),
                END: Resolution(Outcome.ANSWER, END, HALF[:2]),
            },
            1,
            id="at the end of a chain",
        ),
        pytest.param(RRType.A, {NAME: Resolution(Outcome.NXDOMAIN, NAME)}, 0, id="no such name"),
        pytest.param(
            RRType.TXT, {NAME: Resolution(Outcome.ANSWER, END, HALF)}, 0, id="another type"
        ),
    ],
)
def test_address_records_that_the_view_does_not_permit_are_counted(
    rtype: RRType, answers: dict[bytes, Resolution], number: int
) -> None:
    known = {Question(name, rtype): resolution for name, resolution in answers.items()}
    assert withheld(VIEW, Question(NAME, rtype), known) == number
