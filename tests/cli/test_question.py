"""Names, addresses and types of the command line."""

import pytest

from enclave_dns.cli.question import read_question
from enclave_dns.wire.names import to_text
from enclave_dns.wire.numbers import type_name


@pytest.mark.parametrize(
    ("name", "rtype", "expected"),
    [
        ("DB.corp.net", "", "db.corp.net. A"),
        ("db.corp.net.", "aaaa", "db.corp.net. AAAA"),
        (".", "NS", ". NS"),
        ("db", "TYPE65280", "db. TYPE65280"),
        ("10.0.0.30", "", "30.0.0.10.in-addr.arpa. PTR"),
        ("10.0.0.30", "TXT", "30.0.0.10.in-addr.arpa. TXT"),
        ("::1", "", "1." + "0." * 31 + "ip6.arpa. PTR"),
    ],
)
def test_names_and_addresses_become_questions(name: str, rtype: str, expected: str) -> None:
    question = read_question(name, rtype)
    assert f"{to_text(question.name)} {type_name(question.rtype)}" == expected


@pytest.mark.parametrize(
    ("name", "rtype", "reason"),
    [
        ("", "", "the name is empty"),
        ("a..b", "", "'a..b' is no domain name"),
        ("büro.corp.net", "", "write the xn-- form"),
        ("a" * 64, "", "64 bytes"),
        ("db", "NONSENSE", "'NONSENSE' is no record type"),
        ("db", "TYPE70000", "'TYPE70000' is no record type"),
    ],
)
def test_what_is_no_question_is_refused_with_its_reason(name: str, rtype: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_question(name, rtype)
