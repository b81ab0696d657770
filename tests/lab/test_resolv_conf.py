"""The gateway's resolv.conf: whom it asks, what it does when one is dead, and live changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.answer import Answer
from tests.lab.conftest import SPARE, Start, StartServer, Until
from tests.lab.daemons import Daemon
from tests.lab.office import DNSMASQ, UNBOUND, write_atomically
from tests.lab.programs import GATEWAY, SYSTEMD, Program, resolv_conf_of

Ask = Callable[..., Answer]

NOBODY = "10.0.0.9"
"""An address of the office's network that no machine has: silence."""

SHORT = "200ms"
"""Time for one query, where all of it is spent on a nameserver that is not there."""

NEWCOMER = """$ORIGIN corp.net.
$TTL 300
@          SOA  ns nobody.invalid. 1 3600 600 86400 60
@          NS   ns
newcomer   A    10.0.0.77
dbserver1  A    10.0.0.88
"""


@pytest.mark.parametrize("dead", [NOBODY, SPARE], ids=["silent", "port closed"])
def test_a_dead_first_nameserver_costs_no_answer(gateway: Start, ask: Ask, dead: str) -> None:
    gateway(nameservers=[dead, UNBOUND])
    for name in ("dbserver1", "www", "one.dev", "two.dev", "three.dev", "four.dev"):
        answer = ask(f"{name}.corp.net", "A")  # in dig's first and only try
        assert answer.status == "NOERROR", name
        assert len(answer.addresses) == 1
    assert ask("gone.corp.net", "A").status == "REFUSED"


def test_the_reply_of_the_first_counts_even_where_the_second_knows_more(
    gateway: Start, ask: Ask, start_another_unbound: StartServer
) -> None:
    start_another_unbound(zones={"corp.net.": NEWCOMER}, options="")
    gateway(nameservers=[SPARE, UNBOUND])
    assert ask("newcomer.corp.net", "A").addresses == ["10.0.0.77"]
    assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.88"]
    assert ask("mail.corp.net", "A").status == "REFUSED"  # the first says NXDOMAIN: final


def test_a_refusal_is_passed_on_to_the_next(
    gateway: Start, ask: Ask, dnsmasq: Daemon, start_another_unbound: StartServer
) -> None:
    start_another_unbound(zones={"example.": NEWCOMER.replace("corp.net", "example")}, options="")
    gateway(nameservers=[DNSMASQ, SPARE])
    assert ask("newcomer.example", "A").addresses == ["10.0.0.77"]  # dnsmasq refuses it
    assert ask("mail.corp.net", "A").addresses == ["10.0.0.25"]


def find_it_down(running: Program, ask: Ask) -> None:
    """Ask for other names, until the gateway knows that its only nameserver does not answer."""
    for number in range(3):
        ask(f"in-vain-{number}.corp.net", "A")
    running.daemon.wait_for_log("state=down")


def test_with_no_nameserver_up_nothing_is_denied(gateway: Start, ask: Ask) -> None:
    running = gateway(nameservers=[SPARE], hosts="10.0.0.60 wiki.corp.net\n", timeout=SHORT)
    find_it_down(running, ask)
    for name in ("dbserver1.corp.net", "gone.corp.net", "hidden.corp.net"):
        answer = ask(name, "A")
        assert answer.status == "SERVFAIL"
        assert (answer.answer, answer.authority) == ((), ())
    assert ask("wiki.corp.net", "A").addresses == ["10.0.0.60"]
    assert ask("_my.id.enclave", "A").addresses == [GATEWAY]


def test_a_nameserver_that_comes_back_is_used_again(
    gateway: Start, ask: Ask, start_another_unbound: StartServer
) -> None:
    running = gateway(nameservers=[SPARE], timeout=SHORT)
    find_it_down(running, ask)
    start_another_unbound(zones={"corp.net.": NEWCOMER}, options="")
    running.daemon.wait_for_log("state=up")
    assert ask("newcomer.corp.net", "A").addresses == ["10.0.0.77"]


def test_another_file_is_obeyed_while_it_runs(
    gateway: Start, ask: Ask, ask_until: Until, start_another_unbound: StartServer
) -> None:
    start_another_unbound(zones={"corp.net.": NEWCOMER}, options="")
    running = gateway(nameservers=[UNBOUND])
    for _ in range(2):  # also in the caches
        assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    assert ask("newcomer.corp.net", "A").status == "REFUSED"
    running.write("resolv.conf", f"options timeout:1 rotate\nnameserver {SPARE} # new\n")
    ask_until(lambda answer: answer.addresses == ["10.0.0.88"], "dbserver1.corp.net", "A")
    assert ask("newcomer.corp.net", "A").addresses == ["10.0.0.77"]
    running.write("resolv.conf", resolv_conf_of([UNBOUND]))
    ask_until(lambda answer: answer.addresses == ["10.0.0.30"], "dbserver1.corp.net", "A")


def test_a_file_that_is_a_symlink_may_be_swapped(
    gateway: Start, ask_until: Until, start_another_unbound: StartServer
) -> None:
    start_another_unbound(zones={"corp.net.": NEWCOMER}, options="")
    running = gateway(nameservers=[UNBOUND])
    link, new = running.folder / "resolv.conf", running.folder / "elsewhere.conf"
    new.write_text(resolv_conf_of([SPARE]))
    beside = running.folder / "beside"
    beside.symlink_to(new)
    beside.replace(link)
    ask_until(lambda answer: answer.addresses == ["10.0.0.77"], "newcomer.corp.net", "A")


def test_we_do_not_ask_ourselves(gateway: Start, ask: Ask) -> None:
    running = gateway(nameservers=[GATEWAY, UNBOUND])
    assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    assert "our own listen address" in running.log


def test_the_nameservers_behind_systemds_stub_are_asked(
    gateway: Start, ask: Ask, ask_until: Until, start_another_unbound: StartServer
) -> None:
    start_another_unbound(zones={"corp.net.": NEWCOMER}, options="")
    running = gateway(nameservers=["127.0.0.53"], systemd=resolv_conf_of([UNBOUND]))
    assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    running.write(SYSTEMD, resolv_conf_of([SPARE]))
    ask_until(lambda answer: answer.addresses == ["10.0.0.77"], "newcomer.corp.net", "A")


def test_files_that_are_missing_may_come_later(
    gateway: Start, ask: Ask, ask_until: Until, tmp_path: Path
) -> None:
    hosts, resolv_conf = tmp_path / "hosts", tmp_path / "later" / "resolv.conf"
    running = gateway(hosts_file=str(hosts), resolv_conf=str(resolv_conf), timeout=SHORT)
    assert "no hosts file" in running.log
    find_it_down(running, ask)
    write_atomically(hosts, "10.0.0.60 wiki.corp.net\n")
    ask_until(lambda answer: answer.addresses == ["10.0.0.60"], "wiki.corp.net", "A")
    resolv_conf.parent.mkdir()
    write_atomically(resolv_conf, resolv_conf_of([UNBOUND]))
    ask_until(lambda answer: answer.addresses == ["10.0.0.30"], "dbserver1.corp.net", "A")
