"""Non-interference: what is not disclosed to a sender changes no byte of a reply, and no instant.

Two worlds that differ only in records that are hidden from a sender are asked the same questions,
through server, caches, gateway and rule, on virtual time: both answer alike, at the same moment.
"""

import pytest
from hypothesis import event, given

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import MAIN, pair_of


@pytest.mark.parametrize("part", range(4))
@given(ENTROPY)
@UNHURRIED
def test_hidden_records_change_no_byte_and_no_instant(part: int, entropy: bytes) -> None:
    pair = pair_of(Choices(entropy))
    heard, again = pair.played(0), pair.played(1)
    for place, asked in enumerate(pair.script):
        if asked.source == MAIN:
            assert heard[place] is not None
            assert heard[place] == again[place], pair.questions[place]
    event(f"replies: {sum(one is not None for one in heard)}")
