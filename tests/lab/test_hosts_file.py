"""The gateway's hosts file: it comes before the nameservers, for those who may see its lines."""

from collections.abc import Callable

from tests.lab.answer import Answer
from tests.lab.conftest import Start, Until
from tests.lab.programs import CONTRACTOR, ORGANISATION

Ask = Callable[..., Answer]

HOSTS = """\
# the office
127.0.0.1      localhost
10.0.0.60      wiki.corp.net wiki  docs.corp.net\tdocs   # four names
10.0.0.61      wiki.corp.net
fd00:10::60    wiki.corp.net
fd00:10::62    six.corp.net six
10.0.0.31      dbserver1.corp.net
192.168.0.99   mail.corp.net
172.16.1.11    mail.corp.net
0.0.0.0        anything.dev.corp.net
::             anything.dev.corp.net
0.0.0.0        blocked.example
fe80::1%eth0   link.corp.net
10.0.0.999     wrong.corp.net
not a line
10.0.0.30      another-name-of-the-database.corp.net
"""

WITH_IPV6 = ORGANISATION.replace(
    "gateway_routes = [", 'gateway_routes = [ { subnet = "fd00:10::/64" },'
).replace('routes = ["10.0.0.0/24"]', 'routes = ["10.0.0.0/24", "fd00:10::/64"]')
OPEN = ORGANISATION.replace("10.0.0.0/24", "0.0.0.0/0")


def test_every_name_of_a_line_has_its_address(gateway: Start, ask: Ask) -> None:
    gateway(hosts=HOSTS)
    for name in ("wiki.corp.net", "wiki", "docs.corp.net", "docs", "WIKI.Corp.net"):
        answer = ask(name, "A")
        assert answer.status == "NOERROR", name
        assert "10.0.0.60" in answer.addresses
        assert {row.ttl for row in answer.answer} == {30}


def test_what_the_hosts_file_says(gateway: Start, ask: Ask) -> None:
    gateway(WITH_IPV6, hosts=HOSTS)
    # several lines for one name, and both families
    assert sorted(ask("wiki.corp.net", "A").addresses) == ["10.0.0.60", "10.0.0.61"]
    assert ask("wiki.corp.net", "AAAA").addresses == ["fd00:10::60"]
    assert ask("six", "AAAA").addresses == ["fd00:10::62"]
    no_data = ask("six", "A")
    assert (no_data.status, [row.rtype for row in no_data.authority]) == ("NOERROR", ["SOA"])
    # reverse names, the canonical name first
    names = ["wiki.corp.net.", "wiki.", "docs.corp.net.", "docs."]
    assert sorted(ask("-x", "10.0.0.60").data("PTR")) == sorted(names)
    assert sorted(ask("-x", "fd00:10::62").data("PTR")) == ["six.", "six.corp.net."]
    # a name's line goes before the nameserver, in both families: fd00:10::30 is not heard of
    assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.31"]
    assert ask("dbserver1.corp.net", "AAAA").status == "NOERROR"
    assert ask("dbserver1.corp.net", "AAAA").addresses == []
    assert ask("-x", "10.0.0.30").data("PTR") == ["another-name-of-the-database.corp.net."]
    # lines that say nothing
    for name in ("localhost", "link.corp.net", "wrong.corp.net", "a.", "line", "blocked.example"):
        assert ask(name, "A").status == "REFUSED", name


def test_a_line_that_the_sender_may_not_see_neither_answers_nor_shadows(
    gateway: Start, ask: Ask
) -> None:
    gateway(hosts=HOSTS)
    assert ask("anything.dev.corp.net", "A").addresses == ["10.0.0.40"]  # a block line
    assert ask("mail.corp.net", "A").addresses == ["10.0.0.25"]  # from the nameserver
    assert ask("-b", CONTRACTOR, "mail.corp.net", "A").addresses == ["172.16.1.11"]
    assert ask("-b", CONTRACTOR, "wiki.corp.net", "A").status == "REFUSED"
    assert ask("-b", CONTRACTOR, "-x", "10.0.0.60").status == "REFUSED"


def test_a_block_line_is_no_data_in_an_open_view(gateway: Start, ask: Ask) -> None:
    gateway(OPEN, hosts=HOSTS)
    for rtype in ("A", "AAAA"):
        answer = ask("anything.dev.corp.net", rtype)
        assert (answer.status, answer.answer) == ("NOERROR", ())
        assert [row.rtype for row in answer.authority] == ["SOA"]
    assert ask("other.dev.corp.net", "A").addresses == ["10.0.0.40"]
    assert ask("gone.corp.net", "A").status == "NXDOMAIN"


def test_changes_are_seen_while_it_runs(gateway: Start, ask: Ask, ask_until: Until) -> None:
    running = gateway(hosts="10.0.0.60 wiki.corp.net\n")
    assert ask("wiki.corp.net", "A").addresses == ["10.0.0.60"]
    assert ask("new.corp.net", "A").status == "REFUSED"
    running.write("hosts", "10.0.0.61 wiki.corp.net new.corp.net\n")
    ask_until(lambda answer: answer.addresses == ["10.0.0.61"], "wiki.corp.net", "A")
    assert ask("new.corp.net", "A").addresses == ["10.0.0.61"]
    assert sorted(ask("-x", "10.0.0.61").data("PTR")) == ["new.corp.net.", "wiki.corp.net."]
    (running.folder / "hosts").unlink()
    ask_until(lambda answer: answer.status == "REFUSED", "wiki.corp.net", "A")
    running.write("hosts", "10.0.0.62 wiki.corp.net\n")
    ask_until(lambda answer: answer.addresses == ["10.0.0.62"], "wiki.corp.net", "A")
    (running.folder / "hosts").write_bytes(bytes(range(256)) * 16)
    ask_until(lambda answer: answer.status == "REFUSED", "wiki.corp.net", "A")


def test_a_name_of_the_nameservers_gives_way_to_a_new_line(
    gateway: Start, ask: Ask, ask_until: Until
) -> None:
    running = gateway()
    for _ in range(2):  # also in the reply cache
        assert ask("dbserver1.corp.net", "A").addresses == ["10.0.0.30"]
    running.write("hosts", "10.0.0.31 dbserver1.corp.net\n")
    ask_until(lambda answer: answer.addresses == ["10.0.0.31"], "dbserver1.corp.net", "A")
    running.write("hosts", "")
    ask_until(lambda answer: answer.addresses == ["10.0.0.30"], "dbserver1.corp.net", "A")
