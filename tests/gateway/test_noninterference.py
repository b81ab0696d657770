"""Non-interference: what is not disclosed to a sender changes no byte of a reply, and no instant.

Two worlds that differ only in records that are hidden from a sender are asked the same questions,
through server, caches, gateway and rule, on virtual time: both answer alike, at the same moment.
"""

import pytest
from hypothesis import event, given

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import Pair, pair_of


def check(pair: Pair) -> None:
    """Play both worlds, and assert that the main sender cannot tell them apart."""
    heard = pair.played(0)
    assert not pair.differences(heard, pair.played(1))
    event(f"replies: {sum(one is not None for one in heard)}")


@pytest.mark.parametrize("part", range(3))
@given(ENTROPY)
@UNHURRIED
def test_hidden_records_change_no_byte_and_no_instant(part: int, entropy: bytes) -> None:
    check(pair_of(Choices(entropy)))


@given(ENTROPY)
@UNHURRIED
def test_hidden_records_change_no_byte_and_no_instant_in_an_open_view(entropy: bytes) -> None:
    check(pair_of(Choices(entropy), is_open=True))
