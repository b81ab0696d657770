"""Names that are decided here: never asked of a nameserver, never believed when one names them."""

from itertools import pairwise

import pytest

from enclave_dns.resolution import Outcome, Question, Resolution
from enclave_dns.resolve.local import (
    HERE,
    decided_here,
    is_decided_here,
    without_local_ends,
)
from enclave_dns.wire.names import Name, from_text
from enclave_dns.wire.numbers import RRType
from enclave_dns.wire.record import Record

ADDRESS = b"\x0a\0\0\x1e"


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("enclave", True),
        ("db.enclave", True),
        ("_my.id.enclave", True),
        ("localhost", True),
        ("a.b.localhost", True),
        ("printer.local", True),
        ("x.onion", True),
        ("wpad", True),
        ("isatap", True),
        ("1.0.0.127.in-addr.arpa", True),
        ("8.e.f.ip6.arpa", True),
        ("wpad.corp.net", False),
        ("enclave.corp.net", False),
        ("myenclave", False),
        (r"a\.enclave", False),
        ("local.corp.net", False),
        ("1.0.0.10.in-addr.arpa", False),
        (".", False),
    ],
)
def test_special_names_and_enclave_are_decided_here(name: str, is_ours: bool) -> None:
    folded = from_text(name)
    assert is_decided_here(folded) is is_ours
    found = decided_here(Question(folded, RRType.A))
    expected = Resolution(Outcome.NXDOMAIN, folded, server=HERE) if is_ours else None
    assert found == expected


def cname(owner: str, target: str) -> Record:
    return Record(from_text(owner), RRType.CNAME, 60, from_text(target))


def chained(*names: str) -> Resolution:
    """An upstream's answer with an address behind this chain of names."""
    chain = tuple(cname(*pair) for pair in pairwise(names))
    end: Name = from_text(names[-1]).lower()
    rrset = (Record(end, RRType.A, 60, ADDRESS),)
    return Resolution(Outcome.ANSWER, end, rrset, chain, ttl=60, server="10.0.0.2")


@pytest.mark.parametrize(
    ("names", "left", "end"),
    [
        (("a.corp.net", "db.enclave"), 1, "db.enclave"),
        (("a.corp.net", "DB.Enclave"), 1, "db.enclave"),
        (("a.corp.net", "b.corp.net", "x.local", "c.corp.net"), 2, "x.local"),
        (("a.corp.net", "db.enclave", "localhost"), 1, "db.enclave"),
    ],
)
def test_a_chain_is_cut_at_the_first_name_that_is_decided_here(
    names: tuple[str, ...], left: int, end: str
) -> None:
    found = chained(*names)
    cut = without_local_ends(found)
    assert cut.chain == found.chain[:left]
    assert (cut.end, cut.rrset, cut.is_final) == (from_text(end), (), False)
    assert (cut.outcome, cut.ttl, cut.server) == (Outcome.ANSWER, 60, "10.0.0.2")


def test_a_chain_that_ends_in_nxdomain_below_enclave_is_cut_all_the_same() -> None:
    missing = Resolution(
        Outcome.NXDOMAIN, from_text("db.enclave"), chain=(cname("a.corp.net", "db.enclave"),)
    )
    cut = without_local_ends(missing)
    assert (cut.outcome, cut.is_final) == (Outcome.ANSWER, False)


def test_a_dname_is_no_link_of_its_own_but_the_alias_that_it_makes_is() -> None:
    dname = Record(from_text("old.corp.net"), RRType.DNAME, 60, from_text("enclave"))
    alias = cname("db.old.corp.net", "db.enclave")
    found = Resolution(Outcome.ANSWER, from_text("db.enclave"), chain=(dname, alias))
    assert without_local_ends(found).chain == (dname, alias)
    assert without_local_ends(found).is_final is False


@pytest.mark.parametrize(
    "found",
    [
        chained("a.corp.net"),
        chained("a.corp.net", "b.corp.net", "enclave.corp.net"),
        Resolution(Outcome.FAILED, from_text("a.corp.net")),
    ],
)
def test_other_resolutions_stay_as_they_are(found: Resolution) -> None:
    assert without_local_ends(found) is found
