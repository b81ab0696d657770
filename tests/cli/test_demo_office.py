"""The demonstration's nameserver answers from the story's zone, over real UDP."""

import dns.message
import dns.query
import dns.rcode
import pytest

from enclave_dns.cli.demo_office import Office

ADDRESS = "127.100.0.54"


@pytest.mark.parametrize(
    ("name", "rtype", "rcode", "data"),
    [
        ("dbserver1.corp.net", "A", dns.rcode.NOERROR, ["10.0.0.30"]),
        ("FILES.corp.net", "A", dns.rcode.NOERROR, ["172.16.1.10", "192.168.0.30"]),
        ("login.corp.net", "A", dns.rcode.NOERROR, ["dc2.corp.net.", "172.16.1.11"]),
        ("dbserver1.corp.net", "AAAA", dns.rcode.NOERROR, []),
        ("31.0.0.10.in-addr.arpa", "PTR", dns.rcode.NOERROR, ["dbserver2.corp.net."]),
        ("nosuchname.corp.net", "A", dns.rcode.NXDOMAIN, []),
        (".", "NS", dns.rcode.NOERROR, []),
    ],
)
def test_the_office_answers_from_its_zone(
    name: str, rtype: str, rcode: dns.rcode.Rcode, data: list[str]
) -> None:
    with Office(ADDRESS) as office:
        reply = dns.query.udp(
            dns.message.make_query(name, rtype), ADDRESS, port=office.port, timeout=5
        )
    assert reply.rcode() == rcode
    assert sorted(item.to_text() for rrset in reply.answer for item in rrset) == sorted(data)
