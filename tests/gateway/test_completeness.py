"""Completeness: every disclosed record of the source that answers leaves, and no other.

The naive models say from the table of the disclosure rule what each reply holds: answer, addresses
of targets, signatures, our SOA and rcode. It is right record for record, cold and from every cache.
"""

import pytest
from hypothesis import event, given, settings

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import pair_of
from tests.fakes.replies_read import check_complete, checked


@pytest.mark.parametrize("is_open", [False, True], ids=["restricted", "open"])
@given(ENTROPY)
@settings(UNHURRIED, max_examples=200)
def test_replies_hold_what_the_table_discloses_record_for_record(
    is_open: bool, entropy: bytes
) -> None:
    pair = pair_of(Choices(entropy), is_open=is_open)
    model = pair.main.model(pair.worlds[0])
    for told in checked(pair, pair.played(0)):
        expected = model.expected(told.question, told.has_do)
        check_complete(told, expected, pair.main)
        event(f"{expected.outcome} to type {told.question.rtype}")
