"""Completeness: every disclosed record of the source that answers leaves, and no other.

The naive model says from the table of the disclosure rule what each reply holds: answer, addresses
of targets, our SOA and rcode. It is right record for record, cold and from every cache.
"""

from hypothesis import event, given, settings

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import pair_of
from tests.fakes.replies_read import check_complete, checked


@given(ENTROPY)
@settings(UNHURRIED, max_examples=300)
def test_replies_hold_what_the_table_discloses_record_for_record(entropy: bytes) -> None:
    pair = pair_of(Choices(entropy))
    model = pair.main.model(pair.worlds[0])
    for question, heard, is_tcp in checked(pair, pair.played(0)):
        expected = model.expected(question)
        check_complete(heard.packet, expected, pair.main.rcode, is_tcp)
        event(f"{expected.outcome} to type {question.rtype}")
