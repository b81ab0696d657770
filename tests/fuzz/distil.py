"""Keep what fuzzing has found: the inputs in build/fuzz that reach what no kept input reaches.

    python -m tests.fuzz.distil

What is reached are steps from one line of our package to another. The shortest inputs come first,
and one is kept (tests/fuzz/corpora/TARGET/found-...) if it adds anything.
"""

import importlib
import sys
from hashlib import sha256
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from tests.fakes.processes import ROOT
from tests.fuzz.run import TARGETS, seeds_of

PACKAGE = str(ROOT / "enclave_dns")
LONGEST = 600
"""Bytes of an input that is kept."""

Step = tuple[str, int, int]


def main() -> int:
    """Distil every target, and say how many inputs it has then."""
    for target in TARGETS:
        module = importlib.import_module(f"tests.fuzz.{target}")
        kept = seeds_of(target)
        known: set[Step] = set()
        for path in kept.iterdir():
            known |= steps(module, path.read_bytes())
        found = ROOT / "build" / "fuzz" / target / "corpus"
        inputs = (path.read_bytes() for path in found.iterdir()) if found.is_dir() else ()
        for data in sorted((one for one in inputs if len(one) <= LONGEST), key=len):
            new = steps(module, data) - known
            if new:
                known |= new
                name = f"found-{sha256(data).hexdigest()[:12]}"
                kept.joinpath(name).write_bytes(data)
        print(f"{target:<13} {len(list(kept.iterdir()))} inputs, {len(known)} steps")
    return 0


def steps(target: ModuleType, data: bytes) -> set[Step]:
    """The steps that an input leads through."""
    seen: set[Step] = set()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        if not Path(file).is_relative_to(PACKAGE):
            return None
        last = frame.f_lineno

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                seen.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line

    sys.settrace(trace)
    try:
        target.made(data)
    finally:
        sys.settrace(None)
    return seen


if __name__ == "__main__":
    sys.exit(main())
