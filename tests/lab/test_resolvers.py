"""What the resolver libraries print is read as what they mean."""

from subprocess import CompletedProcess

import pytest

from tests.lab.resolvers import (
    ARES,
    EAI,
    FAILURE,
    NOT_FOUND,
    NOTHING,
    TIMEOUT,
    Outcome,
    found,
    read_getent,
    read_lookup,
    read_resolvectl,
)

NAME = "db.corp.net"

GETENT = """\
192.0.2.80      STREAM www.example.com
192.0.2.80      DGRAM
10.0.0.30       STREAM db.corp.net
10.0.0.30       DGRAM
fd00:10::30     STREAM
"""

RESOLVECTL = """\
www.example.com: 192.0.2.80                    -- link: lan0
db.corp.net: 10.0.0.30                         -- link: enclave-dns0
             fd00:10::30                       -- link: enclave-dns0
"""


def printed(said: str = "", log: str = "", status: int = 0) -> CompletedProcess[str]:
    return CompletedProcess([], status, said, log)


def test_addresses_are_the_same_in_any_order() -> None:
    assert found("10.0.0.2", "10.0.0.1", "10.0.0.2") == found("10.0.0.1", "10.0.0.2")


def test_the_last_name_counts() -> None:
    whole = found("10.0.0.30", "fd00:10::30")
    assert read_getent(printed(GETENT), NAME) == whole
    assert read_resolvectl(printed(RESOLVECTL), NAME) == whole
    assert read_lookup(EAI)(printed("192.0.2.80 \nfd00:10::30 10.0.0.30 \n"), NAME) == whole
    assert read_lookup(EAI)(printed("192.0.2.80 \nerror -2\n"), NAME) == Outcome(reason=NOT_FOUND)


def test_getent_does_not_tell_why() -> None:
    only_first = "".join(GETENT.splitlines(keepends=True)[:2])
    assert read_getent(printed(only_first, status=2), NAME) == Outcome(reason=NOTHING)


@pytest.mark.parametrize(
    ("errors", "number", "reason"),
    [
        (EAI, -2, NOT_FOUND),
        (EAI, -3, FAILURE),
        (EAI, -11, "error -11"),
        (ARES, 4, NOT_FOUND),
        (ARES, 6, FAILURE),
        (ARES, 12, TIMEOUT),
    ],
)
def test_an_error_means_what_its_number_says(
    errors: dict[str, str], number: int, reason: str
) -> None:
    assert read_lookup(errors)(printed(f"error {number}\n"), NAME) == Outcome(reason=reason)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (f"'{NAME}' not found", NOT_FOUND),
        (f"'{NAME}' does not have any RR of the requested type", NOT_FOUND),
        ("Query timed out", TIMEOUT),
        (f"Could not resolve '{NAME}', server or network returned error REFUSED", FAILURE),
    ],
)
def test_resolvectl_tells_in_words(words: str, reason: str) -> None:
    log = f"{NAME}: resolve call failed: {words}\n"
    assert read_resolvectl(printed("", log, 1), NAME) == Outcome(reason=reason)
