"""A right that is taken away: what it allowed stops, however the sender asks."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dns.rcode
import pytest

from tests.lab.answer import SILENCE, Answer
from tests.lab.conftest import CHANGES_WITHIN, Start, Until
from tests.lab.daemons import LOOKS_EVERY
from tests.lab.namespaces import Namespace
from tests.lab.packets import Client, addresses, client, query, read
from tests.lab.programs import ORGANISATION

Ask = Callable[..., Answer]

NAME = "dbserver1.corp.net"
SYSTEM = re.compile(r"\[\[systems\]\]\nsystem_id = \"KD9Q2\".*?(?=\[\[)", re.DOTALL)
REVERSE = "30.0.0.10.in-addr.arpa"

REVOKED = {
    "the route": ORGANISATION.replace('routes = ["10.0.0.0/24"]', 'routes = ["172.16.1.0/24"]'),
    "the offer": ORGANISATION.replace('{ subnet = "10.0.0.0/24" },', ""),
    "the tag": ORGANISATION.replace('tags = ["developers"]', 'tags = ["contractors"]', 1),
    "the filter": ORGANISATION.replace(
        'routes = ["10.0.0.0/24"] } ]',
        'routes = ["10.0.0.0/24"] } ]\ngateway_allowed_ip_ranges = [ { ip_range = "10.0.0.31" } ]',
    ),
    "the policy": ORGANISATION.replace('sender_tags = ["developers"]', 'sender_tags = ["nobody"]'),
    "the switch": ORGANISATION.replace(
        'description = "Developers reach', 'is_enabled = false\ndescription = "Developers reach'
    ),
}
"""Documents that no longer let the developer reach the database server, and what they take."""

GONE = {
    "removed": SYSTEM.sub("", ORGANISATION),
    "disabled": ORGANISATION.replace(
        'system_id = "KD9Q2"', 'system_id = "KD9Q2"\nis_enabled = false'
    ),
}
"""Documents without the developer's laptop."""


def versioned(document: str, version: int) -> str:
    """The same document as a later version."""
    return document.replace("version = 1", f"version = {version}", 1)


def expiring(at: datetime) -> str:
    """The organisation with a developers' policy that ends at an instant."""
    end = f"auto_expire = {{ at = {at:%Y-%m-%dT%H:%M:%SZ} }}"
    return ORGANISATION.replace('type = "gateway"', f'type = "gateway"\n{end}', 1)


def ask_until(connection: Client, rcode: dns.rcode.Rcode) -> None:
    """Ask over one open connection until the reply has this rcode."""
    deadline = time.monotonic() + CHANGES_WITHIN
    while read(connection.ask(query(NAME))).rcode() != rcode:
        assert time.monotonic() < deadline
        time.sleep(LOOKS_EVERY)


def test_what_it_allowed_stops_on_open_connections_and_from_the_cache(
    gateway: Start, laptop: Namespace
) -> None:
    running = gateway()
    with client(laptop, "TCP") as stream, client(laptop, "UDP") as datagrams:
        for number, (taken, document) in enumerate(REVOKED.items(), 1):
            ask_until(stream, dns.rcode.NOERROR)
            for connection in (stream, datagrams):  # both from the reply cache
                assert addresses(connection.ask(query(NAME))) == ["10.0.0.30"]
            assert document != ORGANISATION, taken
            running.write("organisation.toml", versioned(document, 2 * number))
            ask_until(stream, dns.rcode.REFUSED)
            for connection in (datagrams, stream):
                for name, rtype in ((NAME, "A"), ("www.corp.net", "A"), (REVERSE, "PTR")):
                    reply = read(connection.ask(query(name, rtype)))
                    assert reply.rcode() == dns.rcode.REFUSED, (taken, name)
                    assert (reply.answer, reply.authority) == ([], [])
            running.write("organisation.toml", versioned(ORGANISATION, 2 * number + 1))


@pytest.mark.parametrize("how", GONE)
def test_a_sender_that_is_gone_is_a_stranger(
    gateway: Start, ask_until: Until, laptop: Namespace, how: str
) -> None:
    assert GONE[how] != ORGANISATION
    running = gateway()
    with client(laptop, "TCP") as stream:
        assert addresses(stream.ask(query(NAME))) == ["10.0.0.30"]
        running.write("organisation.toml", versioned(GONE[how], 2))
        ask_until(lambda answer: answer.status == SILENCE, NAME, "A", "+time=1")
        with pytest.raises((EOFError, ConnectionResetError, BrokenPipeError)):
            stream.ask(query(NAME))


def test_others_keep_theirs(gateway: Start, ask: Ask, ask_until: Until, laptop: Namespace) -> None:
    running = gateway()
    contractor = ("-b", "100.64.0.13", "controller.corp.net", "A")
    assert ask(*contractor).addresses == ["172.16.1.10"]
    running.write("organisation.toml", versioned(REVOKED["the route"], 2))
    ask_until(lambda answer: answer.status == "REFUSED", NAME, "A")
    assert ask(*contractor).addresses == ["172.16.1.10"]


def test_a_policy_ends_at_its_instant_without_a_new_document(
    gateway: Start, ask: Ask, ask_until: Until
) -> None:
    running = gateway()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    running.write("organisation.toml", versioned(expiring(end), 2))
    running.daemon.wait_for_log("version=2")
    assert ask(NAME, "A").addresses == ["10.0.0.30"]
    ask_until(lambda answer: answer.status == "REFUSED", NAME, "A")
    assert datetime.now(UTC) >= end
    assert running.log.count("organisation reloaded") == 1


def test_what_comes_in_the_meantime_is_not_believed(
    gateway: Start, ask: Ask, ask_until: Until
) -> None:
    """Documents that are broken, or older than the one in use, change nothing."""
    running = gateway(versioned(ORGANISATION, 2))
    older = REVOKED["the tag"]
    unknown = "systmes = []\n" + versioned(older, 3)
    for text, reason in ((older, "version 1"), (unknown, "systmes"), ("\0\1\2", "TOML")):
        running.write("organisation.toml", text)
        running.daemon.wait_for_log(reason)
        assert ask(NAME, "A").addresses == ["10.0.0.30"]
    running.write("organisation.toml", versioned(older, 3))
    ask_until(lambda answer: answer.status == "REFUSED", NAME, "A")


def test_a_right_that_is_given_shows_at_once_although_a_denial_is_kept(
    gateway: Start, ask: Ask, ask_until: Until
) -> None:
    running = gateway(REVOKED["the filter"])
    for _ in range(2):
        assert ask(NAME, "A").status == "REFUSED"
    running.write("organisation.toml", versioned(ORGANISATION, 2))
    ask_until(lambda answer: answer.addresses == ["10.0.0.30"], NAME, "A")
