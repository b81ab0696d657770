"""Which spans a text names, reading by reading."""

import pytest

from enclave_dns.disclosure.literals import literals, readings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.30", {"10.0.0.30"}),
        ("010.0.0.30", {"8.0.0.30", "10.0.0.30"}),
        ("0x0a.0.0.30", {"10.0.0.30"}),
        ("10.30", {"10.0.0.30"}),
        ("10.1.258", {"10.1.1.2"}),
        ("10.0.0.0/24", {"10.0.0.0/24", "10.0.0.0"}),
        ("10.0.0.9/24", {"10.0.0.0/24", "10.0.0.9"}),
        ("10.0.0.9/33", {"10.0.0.9"}),
        ("089.0.0.30", {"89.0.0.30"}),
        ("10.0.0.1-10.0.0.2", {"10.0.0.1 - 10.0.0.2", "10.0.0.1", "10.0.0.2"}),
        ("10.0.0.4-7", {"10.0.0.4/30", "10.0.0.4"}),
        ("30.0.0.10.in-addr.arpa", {"10.0.0.30"}),
        ("0.10.in-addr.arpa", {"10.0.0.0/16"}),
        ("8.b.d.0.1.0.0.2.ip6.arpa", {"2001:db8::/32"}),
        ("2001:db8::1", {"2001:db8::1"}),
        ("2001:db8::1%eth0", {"2001:db8::1"}),
        ("2001:db8::5/64", {"2001:db8::/64"}),
        ("2001:db8::5/129", {"2001:db8::5"}),
        ("1:2:3:4:5:6:7:8:9/64", {"1:2:3:4:5:6:7:8", "2:3:4:5:6:7:8:9"}),
        ("ip6:2001:db8::1", {"2001:db8::1"}),
        ("[2001:db8::1]:53", {"2001:db8::1"}),
        ("2001:db8::1: x", {"2001:db8::1"}),
        ("2001:db8::1.", {"2001:db8::1"}),
        ("::ffff:10.0.0.30", {"::ffff:10.0.0.30", "10.0.0.30"}),
        ("::ffff:10.0.0.300", {"::ffff"}),
        ("10.0.0.30.53", {"10.0.0.30", "0.0.30.53"}),
        ("v10.0.0.30x", {"10.0.0.30"}),
        ("300.0.0.1", set()),
        ("12:30:45", set()),
        ("00:11:22:33:44:55", set()),
        ("std::vector", set()),
        ("no address", set()),
        ("", set()),
    ],
)
def test_the_spans_of_a_text(text: str, expected: set[str]) -> None:
    found = {str(span).replace("::ffff:a00:1e", "::ffff:10.0.0.30") for span in literals(text)}
    assert found == expected


@pytest.mark.parametrize("text", ["256.1.1.1", "1.2.3.256", "10.16777216", "1.2.65536", "0x100.1"])
def test_a_part_that_is_too_large_makes_no_address(text: str) -> None:
    assert readings(text) == []


@pytest.mark.parametrize(
    "pattern", ["1.", "0.0.0.0-", "a:", "::", "1.1.1.1.", "f.", "0x", "0123.", "1:2:3:4:5:6:7:8:9"]
)
def test_work_grows_with_the_length_of_the_text_alone(pattern: str) -> None:
    text = (pattern * 65_535)[:65_000]
    assert sum(1 for _ in literals(text)) <= 4 * len(text)
