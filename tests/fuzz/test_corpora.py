"""Every kept input through its target, without atheris: what fuzzing once reached stays reached."""

import importlib
from pathlib import Path

import pytest

from tests.fuzz.run import TARGETS, seeds_of

SIZE = 200_000
"""Bytes that all corpora together may take."""


def inputs(target: str) -> list[Path]:
    return sorted(seeds_of(target).iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_every_kept_input_passes(target: str) -> None:
    module = importlib.import_module(f"tests.fuzz.{target}")
    for path in inputs(target):
        try:
            data = path.read_bytes()
            module.judge(data, module.made(data))
        except Exception as error:
            error.add_note(f"the input is {path.name}")
            raise


def test_the_corpora_are_small() -> None:
    sizes = [path.stat().st_size for target in TARGETS for path in inputs(target)]
    assert sum(sizes) <= SIZE
