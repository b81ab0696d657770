"""No address escapes: no reply holds a hidden address, name or text outside its question.

Every reply is read by dnspython, and its bytes are searched for what must not be there: hidden
addresses raw and in words, labels of names that nothing disclosed mentions, hidden texts.
"""

from hypothesis import given, settings

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import MAIN, pair_of
from tests.fakes.replies_read import check_no_escape


@given(ENTROPY)
@settings(UNHURRIED, max_examples=200)
def test_nothing_hidden_stands_in_any_byte_of_a_reply(entropy: bytes) -> None:
    pair = pair_of(Choices(entropy))
    model = pair.main.model(pair.worlds[0])
    events = zip(pair.script, pair.questions, pair.played(0), strict=True)
    for asked, question, heard in events:
        if asked.source == MAIN and question is not None and heard is not None:
            check_no_escape(heard.packet, question, model, model.expected(question))
