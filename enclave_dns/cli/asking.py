"""A small client on dnspython: one question, one reply, in the words of `dig`.

UDP first, TCP where the reply is truncated. The UDP socket is connected, so that a closed port is
told at once instead of waited out.
"""

import contextlib
import errno
import socket
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from enclave_dns.errors import EnvironmentFault
from enclave_dns.resolution import Question
from enclave_dns.sources.nameserver import Nameserver, read_nameserver
from enclave_dns.wire.numbers import EDNS_UDP_SIZE

SCHEMA: Final = 1

_REASONS: Final = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.EADDRNOTAVAIL: "the source address is none of this machine",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask what; `timeout` is in seconds, for UDP and TCP each."""

    question: Question
    server: Nameserver
    source: str = ""
    timeout: float = 2.0
    is_tcp: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply. `was_truncated`: the one over UDP was cut short, so that TCP was tried."""

    asking: Asking
    message: dns.message.Message
    is_tcp: bool
    was_truncated: bool
    seconds: float


def read_asking(
    question: Question, server: str, source: str, timeout: float, *, is_tcp: bool
) -> Asking:
    """The options of the verb, checked. Raises ValueError with the reason in words."""
    whom = read_nameserver(server)
    if whom is None:
        raise ValueError(f"{server!r} is no server; write ADDRESS, ADDRESS:PORT or [V6]:PORT")
    if source:
        try:
            own = ip_address(source)
        except ValueError:
            raise ValueError(f"{source!r} is no address to ask from") from None
        if (own.version == 6) != (":" in whom.address):
            raise ValueError(f"{source} and {whom} are of different address families")
    if not 0 < timeout < 3600:
        raise ValueError(f"{timeout:g} is no time to wait: more than 0 and less than 3600 seconds")
    return Asking(question, whom, source, timeout, is_tcp)


def ask(asking: Asking) -> Answered:
    """Ask once. Raises EnvironmentFault where no reply comes."""
    name = dns.name.from_wire(asking.question.name, 0)[0]
    rtype = dns.rdatatype.RdataType.make(asking.question.rtype)
    query = dns.message.make_query(name, rtype, use_edns=0, payload=EDNS_UDP_SIZE)
    start = time.perf_counter()
    is_tcp = asking.is_tcp
    message = _reply(asking, query, is_tcp=is_tcp)
    was_truncated = not is_tcp and bool(message.flags & dns.flags.TC)
    if was_truncated:
        # A server without TCP still has replied: what came over UDP is shown then.
        with contextlib.suppress(EnvironmentFault):
            message = _reply(asking, query, is_tcp=True)
            is_tcp = True
    return Answered(asking, message, is_tcp, was_truncated, time.perf_counter() - start)


def _reply(asking: Asking, query: dns.message.Message, *, is_tcp: bool) -> dns.message.Message:
    try:
        return _over_tcp(asking, query) if is_tcp else _over_udp(asking, query)
    except dns.message.Truncated as error:
        # Some servers cut everything but the header, the question too.
        message: dns.message.Message = error.kwargs["message"]
        if message.id == query.id:
            return message
        raise _no_reply(asking, "what came is no reply to the question") from None
    except dns.exception.Timeout:
        raise _no_reply(asking, f"timed out after {asking.timeout:g} s") from None
    except (dns.exception.DNSException, ValueError) as error:
        words = str(error) or type(error).__name__
        raise _no_reply(asking, f"what came is no reply to the question: {words}") from None
    except EOFError:
        raise _no_reply(asking, "the connection was closed without a reply") from None
    except OSError as error:
        raise _no_reply(asking, _reason(error)) from None


def _over_udp(asking: Asking, query: dns.message.Message) -> dns.message.Message:
    family = socket.AF_INET6 if ":" in asking.server.address else socket.AF_INET
    host = _host(asking.server)
    destination = socket.getaddrinfo(
        host, asking.server.port, family, socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0][4]
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        if asking.source:
            sock.bind((asking.source, 0))
        sock.connect(destination)
        return dns.query.udp(
            query,
            host,
            asking.timeout,
            asking.server.port,
            ignore_unexpected=True,
            one_rr_per_rrset=True,
            raise_on_truncation=True,
            sock=sock,
        )


def _over_tcp(asking: Asking, query: dns.message.Message) -> dns.message.Message:
    source = asking.source or None
    return dns.query.tcp(
        query,
        _host(asking.server),
        asking.timeout,
        asking.server.port,
        source=source,
        one_rr_per_rrset=True,
    )


def _host(server: Nameserver) -> str:
    return f"{server.address}%{server.scope}" if server.scope else server.address


def _no_reply(asking: Asking, reason: str) -> EnvironmentFault:
    return EnvironmentFault(f"no reply from {asking.server}: {reason}")


def _reason(error: OSError) -> str:
    words = _REASONS.get(error.errno or 0)
    plain = (error.strerror or str(error)).lower()
    return f"{plain} ({words})" if words else plain


def reply_json(answered: Answered) -> dict[str, Any]:
    """The reply as plain data for `json.dumps`."""
    message = answered.message
    return {
        "schema": SCHEMA,
        "server": str(answered.asking.server),
        "transport": "tcp" if answered.is_tcp else "udp",
        "was_truncated": answered.was_truncated,
        "milliseconds": round(answered.seconds * 1000, 3),
        "size": len(message.wire or b""),
        "id": message.id,
        "status": dns.rcode.to_text(message.rcode()),
        "flags": dns.flags.to_text(message.flags).lower().split(),
        "question": [_question(rrset) for rrset in message.question],
        "answer": _records(message.answer),
        "authority": _records(message.authority),
        "additional": _records(message.additional),
        "edns": None
        if message.edns < 0
        else {"version": message.edns, "udp_size": message.payload},
        "ede": [_ede(one) for one in message.extended_errors()],
    }


def reply_lines(answered: Answered) -> list[str]:
    """The reply for people, in the order of `dig`."""
    data = reply_json(answered)
    lines = [f"status {data['status']}, flags {' '.join(data['flags'])}, id {data['id']}"]
    if data["edns"] is not None:
        lines.append(f"EDNS version {data['edns']['version']}, {data['edns']['udp_size']} bytes")
    lines += [f"EDE {one['code']} ({one['name']}) {one['text']}".rstrip() for one in data["ede"]]
    for heading in ("question", "answer", "authority", "additional"):
        if data[heading]:
            lines += ["", f"{heading}:", *(f"  {_line(record)}" for record in data[heading])]
    way = data["transport"].upper()
    if data["was_truncated"]:
        way += " after a truncated reply" if answered.is_tcp else " cut short, and none over TCP"
    size, time_taken = data["size"], data["milliseconds"]
    return [*lines, "", f"{size} bytes from {data['server']} over {way}, {time_taken:.1f} ms"]


def _question(rrset: dns.rrset.RRset) -> dict[str, Any]:
    return {
        "name": rrset.name.to_text(),
        "class": dns.rdataclass.to_text(rrset.rdclass),
        "type": dns.rdatatype.to_text(rrset.rdtype),
    }


def _records(section: list[dns.rrset.RRset]) -> list[dict[str, Any]]:
    return [
        {
            "name": rrset.name.to_text(),
            "ttl": rrset.ttl,
            "class": dns.rdataclass.to_text(rrset.rdclass),
            "type": dns.rdatatype.to_text(rrset.rdtype),
            "data": rdata.to_text(),
        }
        for rrset in section
        for rdata in rrset
    ]


def _ede(option: dns.edns.EDEOption) -> dict[str, Any]:
    name = option.code.name.replace("_", " ").title()
    name = "Unassigned" if name.isdigit() else name
    text = "".join(c if c.isprintable() else "?" for c in option.text or "")
    return {"code": int(option.code), "name": name, "text": text}


def _line(record: dict[str, Any]) -> str:
    return " ".join(str(value) for value in record.values())
