"""No address escapes: no reply holds a hidden address, name or text outside its question.

Every reply is read by dnspython, and its bytes are searched for what must not be there: hidden
addresses raw and in words, labels of names that nothing disclosed mentions, hidden texts, keys and
signatures. In an open view that is above all what no policy ever permits.
"""

import pytest
from hypothesis import given, settings

from tests.fakes.choices import Choices
from tests.fakes.entropy import ENTROPY, UNHURRIED
from tests.fakes.paired_worlds import MAIN, has_do, pair_of
from tests.fakes.replies_read import Told, check_no_escape


@pytest.mark.parametrize("is_open", [False, True], ids=["restricted", "open"])
@given(ENTROPY)
@settings(UNHURRIED, max_examples=120)
def test_nothing_hidden_stands_in_any_byte_of_a_reply(is_open: bool, entropy: bytes) -> None:
    pair = pair_of(Choices(entropy), is_open=is_open)
    model = pair.main.model(pair.worlds[0])
    events = zip(pair.script, pair.questions, pair.played(0), strict=True)
    for asked, question, heard in events:
        if asked.source == MAIN and question is not None and heard is not None:
            told = Told(question, has_do(asked.packet), asked.is_tcp, 0.0, heard.packet)
            check_no_escape(told, model, model.expected(question, told.has_do))
