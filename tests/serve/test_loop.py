"""Which event loop is taken, and what the garbage collector is spared."""

import asyncio
import gc
import sys

import pytest

from enclave_dns.serve.loop import ALLOCATIONS, begin_service, loop_factory


def test_it_is_uvloops_where_it_is_installed() -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert type(runner.get_loop()).__module__.startswith("uvloop")


def test_without_uvloop_it_is_asyncios_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None


def test_what_is_there_when_service_begins_is_never_looked_through() -> None:
    before = gc.get_threshold()
    try:
        begin_service()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold() == (ALLOCATIONS, *before[1:])
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
