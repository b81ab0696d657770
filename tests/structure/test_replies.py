"""Every way to a Reply that the check knows, and the uses of the class that it lets through."""

import pytest

from tests.structure.replies import HOME, forged_replies
from tests.structure.tree import source

IMPORT = "from enclave_dns.disclosure.reply import Reply\n"


def findings(text: str, path: str = "enclave_dns/serve/server.py") -> list[str]:
    return list(forged_replies([source(path, text)]))


@pytest.mark.parametrize(
    "text",
    [
        IMPORT + "Reply(1, 2)",
        "from enclave_dns.disclosure.reply import Reply as R\nR(1, 2)",
        "from enclave_dns.disclosure import reply\nreply.Reply(1, 2)",
        "import enclave_dns.disclosure.reply\nenclave_dns.disclosure.reply.Reply(1, 2)",
        IMPORT + "make = Reply",
        IMPORT + "Reply.__new__(Reply)",
        IMPORT + "object.__new__(Reply)",
        IMPORT + "partial(Reply, 1)(2)",
        IMPORT + "class Better(Reply): ...",
        IMPORT + "class Maker: made = Reply",
        IMPORT + "def f(r: Reply): return replace(r, rcode=0)",
        IMPORT + "def f(r: 'Reply | None'): return dataclasses.replace(r, rcode=0)",
        "def f(x): return copy.replace(x.reply, rcode=0)",
        "def f(old_reply): return replace(old_reply, rcode=0)",
        "def f(reply): object.__setattr__(reply, 'rcode', 0)",
        "def f(reply): return type(reply)(1, 2)",
        "def f(reply): return reply.__class__(1, 2)",
        "class Reply: ...",
    ],
)
def test_a_forged_reply_is_reported(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize(
    "text",
    [
        IMPORT + "def f(reply: Reply) -> Reply | None: return reply",
        IMPORT + "async def f(a: tuple[int, Reply], *b: Reply) -> dict[str, Reply]: ...",
        IMPORT
        + "Outcome = Reply | int\nkept: BoundedTable[bytes, Reply] = BoundedTable[bytes, Reply](1)",
        IMPORT + "def f(x: object): assert isinstance(x, Reply)",
        IMPORT + "def f(x: object):\n    match x:\n        case Reply(rcode=0): ...",
        IMPORT + "def f(q: Query): return replace(q, name=b'')",
        "from enclave_dns.disclosure.reply import own\nown(())",
        "class A:\n    def __post_init__(self): object.__setattr__(self, 'x', 1)",
    ],
)
def test_the_type_may_be_named(text: str) -> None:
    assert findings(text) == []


def test_its_home_makes_it() -> None:
    assert findings("class Reply: ...\nReply()", HOME) == []
