"""`only_suffixes`: no other name is looked up, by no nameserver and in no hosts file."""

from collections.abc import Callable

import pytest

from tests.lab.answer import Answer
from tests.lab.conftest import Start
from tests.lab.daemons import Daemon
from tests.lab.namespaces import Namespace
from tests.lab.packets import client, query, without_question

Ask = Callable[..., Answer]

ONLY = ["dev.corp.net", "dbserver1.corp.net"]
HOSTS = "10.0.0.60 wiki.only.example wiki.dev.corp.net\n"

OTHERS = [
    "mail.corp.net",
    "corp.net",
    "wiki.only.example",
    "absent.only.example",
    "notdev.corp.net",
    "dev.corp.net.only.example",
    "30.0.0.10.in-addr.arpa",
]
"""Names below no such suffix: some exist, one in the hosts file, one has a permitted address."""


@pytest.fixture
def only(gateway: Start) -> None:
    """A gateway that resolves nothing else."""
    gateway(hosts=HOSTS, only_suffixes=ONLY)


@pytest.mark.usefixtures("only")
def test_names_at_and_below_a_suffix_are_resolved(ask: Ask) -> None:
    assert ask("DBserver1.corp.net", "A").addresses == ["10.0.0.30"]
    assert ask("a.b.DEV.corp.net", "A").addresses == ["10.0.0.40"]
    assert ask("wiki.dev.corp.net", "A").addresses == ["10.0.0.60"]
    assert ask("dbserver1.corp.net", "TXT").data("TXT") == ['"the database"']


@pytest.mark.usefixtures("only")
def test_others_are_as_if_absent_and_never_sent_on(
    laptop: Namespace, unbound: Daemon, ask: Ask
) -> None:
    before = len(unbound.log)
    with client(laptop, "UDP") as gateway:
        for rtype in ("A", "AAAA", "PTR", "TXT", "MX", "SRV"):
            asked = [query(name, rtype) for name in OTHERS]
            assert len({without_question(gateway.ask(one), one) for one in asked}) == 1
    assert ask("mail.corp.net", "A").status == "REFUSED"
    assert ask("sign.dev.corp.net", "A").addresses == ["10.0.0.40"]
    said = unbound.log[before:].lower()
    assert "sign.dev.corp.net" in said
    assert not [name for name in OTHERS if f" {name}. " in said]


@pytest.mark.usefixtures("only")
def test_the_sign_of_life_stays(ask: Ask) -> None:
    assert ask("_my.id.enclave", "A").addresses == ["100.64.0.70"]
