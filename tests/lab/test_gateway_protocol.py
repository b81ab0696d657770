"""What the gateway says to queries that are no ordinary question, or no query at all."""

from collections.abc import Callable

import dns.flags
import dns.opcode
import dns.rcode
import pytest

from tests.lab.answer import Answer, Edns
from tests.lab.namespaces import Namespace
from tests.lab.packets import HEADER, addresses, client, query, read
from tests.lab.programs import DEVELOPER, GATEWAY

OPT = bytes.fromhex("00 0029 04d0 00000000 0000")
EXISTS, HIDDEN, ABSENT = "dbserver1.corp.net", "hidden.corp.net", "absent.corp.net"

Ask = Callable[..., Answer]

pytestmark = pytest.mark.usefixtures("shared_gateway")

over_both = pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
any_name = pytest.mark.parametrize("name", [EXISTS, HIDDEN, ABSENT])


@pytest.fixture
def exchange(laptop: Namespace) -> Callable[[bytes], bytes]:
    """Send the gateway one datagram and return the reply."""

    def send(packet: bytes) -> bytes:
        return laptop.exchange(packet, GATEWAY, sender=DEVELOPER)

    return send


@any_name
@over_both
def test_any_gets_one_small_record_whatever_there_is(ask: Ask, name: str, transport: str) -> None:
    answer = ask(name, "ANY", transport)
    assert answer.status == "NOERROR"
    assert answer.flags == {"qr", "rd", "ra"}
    [row] = answer.answer
    assert (row.name, row.rtype, row.data) == (f"{name}.", "HINFO", '"RFC8482" ""')
    assert answer.authority == ()


@any_name
@pytest.mark.parametrize("rtype", ["AXFR", "IXFR"])
def test_transfers_are_refused(laptop: Namespace, name: str, rtype: str) -> None:
    asked = query(name, rtype)
    with client(laptop, "TCP") as connection:
        over_tcp = connection.ask(asked)
    assert laptop.exchange(asked, GATEWAY, sender=DEVELOPER) == over_tcp
    reply = read(over_tcp)
    assert reply.rcode() == dns.rcode.REFUSED
    assert (reply.answer, reply.authority, reply.additional) == ([], [], [])


def test_dig_calls_a_transfer_failed(ask: Ask) -> None:
    assert "; Transfer failed." in ask("corp.net", "AXFR").text


@any_name
@over_both
def test_other_classes_are_refused(ask: Ask, name: str, transport: str) -> None:
    for rclass in ("CH", "HS", "CLASS4242"):
        answer = ask("-c", rclass, name, "TXT", transport)
        assert answer.status == "REFUSED", rclass
        assert answer.answer == ()
        assert answer.edns == Edns(0, frozenset(), 1232, ())


def test_the_server_does_not_name_itself(ask: Ask) -> None:
    for name in ("version.bind", "id.server", "hostname.bind"):
        assert ask("-c", "CH", name, "TXT").status == "REFUSED"


@pytest.mark.parametrize("opcode", ["IQUERY", "STATUS", "RESERVED3", "NOTIFY", "UPDATE", "15"])
@over_both
def test_other_opcodes_are_not_implemented(ask: Ask, opcode: str, transport: str) -> None:
    answer = ask(EXISTS, "A", f"+opcode={opcode}", transport)
    assert answer.status == "NOTIMP"
    assert "qr" in answer.flags
    assert answer.answer == ()


@over_both
@any_name
def test_a_later_edns_version_is_told_ours(ask: Ask, name: str, transport: str) -> None:
    answer = ask(name, "A", "+edns=1", "+noednsnegotiation", transport)
    assert answer.status == "BADVERS"
    assert answer.answer == ()
    assert answer.edns == Edns(0, frozenset(), 1232, ())


def test_dig_goes_on_with_the_version_that_it_is_told(ask: Ask) -> None:
    answer = ask(EXISTS, "A", "+edns=1", "+ednsnegotiation")
    assert answer.status == "NOERROR"
    assert answer.addresses == ["10.0.0.30"]


def test_unknown_options_and_flags_are_ignored(ask: Ask) -> None:
    options = ("+ednsopt=65001:beef", "+subnet=192.0.2.0/24", "+nsid", "+padding=128", "+expire")
    answer = ask(EXISTS, "A", *options, "+cookie=0123456789abcdef", "+ednsflags=0x0040", "+zflag")
    assert answer.addresses == ["10.0.0.30"]
    assert answer.edns == Edns(0, frozenset(), 1232, ())
    assert answer.flags == {"qr", "rd", "ra"}


@over_both
def test_a_query_without_a_question_is_an_error(ask: Ask, transport: str) -> None:
    answer = ask("+header-only", transport)
    assert answer.status == "FORMERR"
    assert answer.question == ""


def test_a_query_with_two_questions_is_an_error(exchange: Callable[[bytes], bytes]) -> None:
    one = query(EXISTS, edns=None)
    two = one[:4] + b"\0\2" + one[6:] + one[HEADER:]
    reply = read(exchange(two))
    assert reply.id == 7
    assert reply.rcode() == dns.rcode.FORMERR
    assert reply.sections == [[], [], [], []]


def test_two_opts_are_an_error(exchange: Callable[[bytes], bytes]) -> None:
    asked = query(EXISTS, edns=None)
    assert addresses(exchange(asked[:10] + b"\0\1" + asked[HEADER:] + OPT)) == ["10.0.0.30"]
    reply = exchange(asked[:10] + b"\0\2" + asked[HEADER:] + OPT + OPT)
    assert read(reply).rcode() == dns.rcode.FORMERR


@pytest.mark.parametrize("cut", [13, 20, 30])
def test_a_question_that_is_cut_short_is_an_error(
    exchange: Callable[[bytes], bytes], cut: int
) -> None:
    reply = exchange(query(EXISTS, edns=None)[:cut])
    assert reply == b"\0\7" + bytes.fromhex("8181 0000 0000 0000 0000")


def test_a_name_that_points_at_itself_is_an_error(exchange: Callable[[bytes], bytes]) -> None:
    loop = query(EXISTS, edns=None)[:HEADER] + b"\xc0\x0c\0\1\0\1"
    assert read(exchange(loop)).rcode() == dns.rcode.FORMERR


@pytest.mark.parametrize(
    "packet",
    [query(EXISTS)[:11], query(EXISTS, flags=dns.flags.QR | dns.flags.RD), b""],
    ids=["shorter than a header", "a reply", "empty"],
)
def test_what_is_no_query_gets_silence_and_over_tcp_the_end(
    laptop: Namespace, packet: bytes
) -> None:
    with pytest.raises(TimeoutError):
        laptop.exchange(packet, GATEWAY, sender=DEVELOPER, timeout=0.3)
    with client(laptop, "TCP") as connection, pytest.raises((EOFError, ConnectionResetError)):
        connection.ask(packet)


@pytest.mark.parametrize("port", [7, 19, 53])
def test_a_query_from_a_port_that_reflects_gets_silence(laptop: Namespace, port: int) -> None:
    with laptop.socket(timeout=0.3) as reflector:
        reflector.bind((DEVELOPER, port))
        reflector.sendto(query(EXISTS), (GATEWAY, 53))
        with pytest.raises(TimeoutError):
            reflector.recv(4096)


@any_name
@pytest.mark.parametrize("rtype", ["TYPE0", "TYPE41", "TYPE128", "TYPE249", "TYPE250", "MAILA"])
def test_types_that_nobody_can_ask_for_have_no_answer(
    exchange: Callable[[bytes], bytes], name: str, rtype: str
) -> None:
    reply = read(exchange(query(name, rtype)))
    assert reply.rcode() == dns.rcode.REFUSED
    assert (reply.answer, reply.authority) == ([], [])


def test_an_unknown_type_is_nodata_at_a_visible_name_only(ask: Ask) -> None:
    answer = ask(EXISTS, "TYPE65280")
    assert answer.status == "NOERROR"
    assert [row.rtype for row in answer.authority] == ["SOA"]
    assert ask(HIDDEN, "TYPE65280").status == "REFUSED"


@over_both
def test_the_sign_of_life_is_the_gateways_own_address(ask: Ask, transport: str) -> None:
    answer = ask("_my.id.enclave", "A", transport)
    assert answer.status == "NOERROR"
    assert answer.addresses == [GATEWAY]
    assert answer.flags == {"qr", "aa", "rd", "ra"}
    assert answer.answer[0].ttl == 0
    no_data = ask("_my.id.enclave", "AAAA", transport)
    assert (no_data.status, no_data.answer) == ("NOERROR", ())
    assert [row.rtype for row in no_data.authority] == ["SOA"]


def test_many_queries_on_one_connection_are_all_answered(laptop: Namespace) -> None:
    names = [f"host{number}.dev.corp.net" for number in range(50)]
    with client(laptop, "TCP") as connection:
        for number, name in enumerate(names):
            connection.send(query(name, number=number))
        replies = [connection.receive() for _ in names]
    assert sorted(read(reply).id for reply in replies) == list(range(50))
    assert all(addresses(reply) == ["10.0.0.40"] for reply in replies)
