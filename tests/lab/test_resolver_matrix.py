"""What the README says that each resolver library makes of the stub is what is measured."""

import pytest

from tests.lab.daemons import Daemons
from tests.lab.load import favoured
from tests.lab.namespaces import Namespace, Network
from tests.lab.resolver_matrix import (
    ARRANGEMENTS,
    README,
    Arrangement,
    build_machines,
    measure,
    table_of,
    with_table,
)

EACH = pytest.mark.parametrize("arrangement", ARRANGEMENTS, ids=lambda given: given.name)


@pytest.fixture(scope="module")
def machines(network: Network, shared_daemons: Daemons) -> tuple[Namespace, Namespace]:
    """The laptop that asks, and the site with its gateway."""
    with favoured():
        return build_machines(network, shared_daemons)


@EACH
@pytest.mark.usefixtures("before_others")
def test_the_readme_tells_what_is_measured(
    machines: tuple[Namespace, Namespace], daemons: Daemons, arrangement: Arrangement
) -> None:
    stands = table_of(arrangement, README.read_text(encoding="utf-8"))
    measured = measure(arrangement, machines, daemons)
    assert measured == stands, (
        f"python -m tests.lab.resolver_matrix writes what was measured into the README:\n{measured}"
    )


@EACH
def test_a_new_table_takes_the_place_of_the_old_one(arrangement: Arrangement) -> None:
    text = README.read_text(encoding="utf-8")
    changed = with_table(arrangement, text, "| new |\n")
    assert table_of(arrangement, changed) == "| new |\n"
    assert with_table(arrangement, changed, table_of(arrangement, text)) == text
    others = [other for other in ARRANGEMENTS if other is not arrangement]
    assert all(table_of(other, changed) == table_of(other, text) for other in others)
