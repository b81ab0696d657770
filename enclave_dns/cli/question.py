"""The question of a command line: a name or an address, and a type, as people write them."""

from ipaddress import ip_address

from enclave_dns.errors import MessageError
from enclave_dns.resolution import Question
from enclave_dns.wire.names import folded, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.reverse import reverse_name


def read_question(name: str, rtype: str) -> Question:
    """What is asked. An address stands for its reverse name, and then PTR for no type, else A.

    Raises ValueError with the reason in words.
    """
    address = _address(name)
    number = _type(rtype) if rtype else RRType.A if address is None else RRType.PTR
    if address is not None:
        return Question(reverse_name(address), number)
    if not name:
        raise ValueError("the name is empty; write . for the root")
    try:
        return Question(folded(from_text(name)), number)
    except MessageError as error:
        raise ValueError(f"{name!r} is no domain name: {error}") from None


def _address(text: str) -> bytes | None:
    try:
        return ip_address(text).packed
    except ValueError:
        return None


def _type(text: str) -> int:
    import dns.exception
    import dns.rdatatype

    try:
        return int(dns.rdatatype.from_text(text))
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{text!r} is no record type; write A, AAAA, TXT or TYPE123") from None
