"""What an input reaches."""

from tests.fuzz import hosts
from tests.fuzz.distil import steps


def test_an_input_that_leads_elsewhere_takes_other_steps() -> None:
    plain = steps(hosts, b"10.0.0.1 a\n")
    assert plain == steps(hosts, b"10.0.0.2 b\n")
    assert steps(hosts, b"10.0.0.1 a\n10.0.0.999 b\n") > plain
