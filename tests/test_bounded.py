"""The bounded table: its bounds hold whatever is done to it, and a flood cannot empty it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from enclave_dns.bounded import BoundedTable

MAX_ENTRIES = 20
MAX_BYTES = 20_000
KEYS = st.integers(0, 12)
SIZES = st.integers(0, 900) | st.integers(0, 900) | st.integers(0, MAX_BYTES + 1_000)


class AnySequence(RuleBasedStateMachine):
    """Puts, gets, discards and clears in any order, against what was last put under each key."""

    def __init__(self) -> None:
        super().__init__()
        self.table: BoundedTable[int, int] = BoundedTable(MAX_ENTRIES, MAX_BYTES)
        self.last: dict[int, tuple[int, int]] = {}
        self.overhead = overhead()
        self.floods = 1_000

    @rule(key=KEYS, value=st.integers(), size=SIZES)
    def put(self, key: int, value: int, size: int) -> None:
        self.table.put(key, value, size)
        self.last[key] = (value, size)

    @rule(key=KEYS)
    def get(self, key: int) -> None:
        assert self.table.get(key) in (None, self.last.get(key, (None, 0))[0])

    @rule(count=st.integers(1, 30))
    def flood(self, count: int) -> None:
        for _ in range(count):
            self.floods += 1
            self.put(self.floods, 0, 100)

    @rule(key=KEYS)
    def discard(self, key: int) -> None:
        self.table.discard(key)
        self.last.pop(key, None)
        assert self.table.get(key) is None

    @rule()
    def clear(self) -> None:
        self.table.clear()
        self.last.clear()
        assert self.table.bytes_held == 0

    @invariant()
    def bounds_hold_and_every_byte_is_accounted_for(self) -> None:
        assert len(self.table) <= MAX_ENTRIES
        assert self.table.bytes_held <= MAX_BYTES
        # Looking would mark every entry as used: so what is there is read where it is kept.
        there = [*(e.key for e in self.table._new), *(e.key for e in self.table._main)]
        assert len(there) == len(set(there)) == len(self.table)
        assert self.table.bytes_held == sum(self.last[key][1] + self.overhead for key in there)


def overhead() -> int:
    """What one entry costs beside its own size."""
    table: BoundedTable[int, int] = BoundedTable(MAX_ENTRIES, MAX_BYTES)
    table.put(0, 0, 0)
    return table.bytes_held


TestAnySequence = AnySequence.TestCase


@pytest.mark.parametrize("bound", ["entries", "bytes"])
@pytest.mark.parametrize("hot", [1, 50, 90])
def test_a_flood_of_one_time_keys_does_not_displace_what_is_asked_for(bound: str, hot: int) -> None:
    entry = 1_000 + overhead()
    table: BoundedTable[str, int] = (
        BoundedTable(100, 1 << 30) if bound == "entries" else BoundedTable(1 << 30, 100 * entry)
    )
    for number in range(hot):
        table.put(f"hot {number}", number, 1_000)
        table.get(f"hot {number}")
    for number in range(2_000):
        table.put(f"flood {number}", number, 1_000)
        if number % 100 == 0:
            for again in range(hot):
                table.get(f"hot {again}")
    assert [table.get(f"hot {number}") for number in range(hot)] == list(range(hot))
    assert len(table) == 100


def test_a_new_hot_set_takes_the_place_of_an_old_one() -> None:
    table: BoundedTable[str, int] = BoundedTable(100, 1 << 30)
    for era in range(30):
        hot = [f"era {era}, {number}" for number in range(10)]
        for _ in range(3):
            for key in (*hot, *hot, *hot):
                if table.get(key) is None:
                    table.put(key, era, 10)
            for number in range(1_000):
                table.put(f"flood {number}", era, 10)
        assert [table.get(key) for key in hot] == [era] * 10


def test_a_table_that_is_not_full_forgets_nothing() -> None:
    table: BoundedTable[int, int] = BoundedTable(100, 1 << 30)
    for key in range(100):
        table.put(key, key, 10)
    assert [table.get(key) for key in range(100)] == list(range(100))


def test_what_is_larger_than_the_table_is_not_kept_and_costs_nobody_a_place() -> None:
    table: BoundedTable[str, int] = BoundedTable(100, 50_000)
    for number in range(50):
        table.put(f"{number}", number, 100)
    table.put("7", 7, 50_001)
    table.put("giant", 0, 50_001)
    assert table.get("7") is None
    assert table.get("giant") is None
    assert len(table) == 49


def test_a_new_value_leaves_a_key_the_standing_that_it_has() -> None:
    table: BoundedTable[str, int] = BoundedTable(20, 1 << 30)
    for number in range(20):
        table.put(f"{number}", number, 10)
        table.get(f"{number}")
    table.put("one too many", 0, 10)
    first, second = [entry.key for entry in table._main][:2]
    table.get(first)
    before = table.bytes_held
    table.put(first, -1, 30)
    assert table.bytes_held == before + 20
    for number in range(3):
        table.put(f"also asked for {number}", number, 10)
        table.get(f"also asked for {number}")
    assert table.get(first) == -1
    assert table.get(second) is None


@given(st.lists(st.tuples(KEYS, st.integers(0, 500)), max_size=60))
def test_a_key_holds_its_newest_value_and_size(puts: list[tuple[int, int]]) -> None:
    table: BoundedTable[int, int] = BoundedTable(100, 1 << 30)
    newest: dict[int, int] = {}
    for value, (key, size) in enumerate(puts):
        table.put(key, value, size)
        newest[key] = value
        assert table.get(key) == value
    assert all(table.get(key) == value for key, value in newest.items())
    sizes = dict(puts)
    assert table.bytes_held == sum(size + overhead() for size in sizes.values())


def test_used_entries_that_grow_are_still_bounded() -> None:
    table: BoundedTable[int, int] = BoundedTable(10, 10_000)
    for key in range(10):
        table.put(key, key, 100)
        table.get(key)
    table.put(10, 10, 100)
    for key in range(10):
        table.put(key, key, 5_000)
        assert table.bytes_held <= 10_000


def test_one_time_keys_take_no_more_than_their_part_though_there_is_room() -> None:
    table: BoundedTable[int, int] = BoundedTable(10**9, 10**9, max_new_bytes=10_000)
    table.put(-1, -1, 100)
    table.get(-1)
    for key in range(1_000):
        table.put(key, key, 100)
        assert table.bytes_held <= 10_000 + 350
    assert table.get(-1) == -1
    assert table.get(999) == 999
