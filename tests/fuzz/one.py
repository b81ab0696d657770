"""One target under atheris (libFuzzer), in a process of its own.

    python -m tests.fuzz.one TARGET FINDINGS_FOLDER [libFuzzer's arguments and corpora]

A failed check does not end the run: the first input of each kind (exception and place) is written
to the folder, and the search goes on. What ends the process itself, such as a hang, libFuzzer
writes down.
"""

import importlib
import sys
import traceback
from pathlib import Path

import atheris

from tests.fuzz.work import check

ROOT = Path(__file__).parent.parent.parent


def place_of(error: Exception) -> str:
    """What one kind of finding has in common: the exception, and where in our code it arose."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT)]
    last = (ours or list(frames))[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"


def main() -> None:
    """Run until libFuzzer has had enough."""
    name, folder, *rest = sys.argv[1:]
    findings = Path(folder)
    with atheris.instrument_imports(include=["enclave_dns", "tomllib"]):
        target = importlib.import_module(f"tests.fuzz.{name}")

    def one_input(data: bytes) -> None:
        try:
            check(target, data)
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is searched for
            file = findings / place_of(error)
            if not file.exists():
                file.write_bytes(data)
                print(f"FINDING {file.name}", file=sys.stderr)
                traceback.print_exc()

    atheris.Setup([sys.argv[0], f"-max_len={target.MAX_LEN}", *rest], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
