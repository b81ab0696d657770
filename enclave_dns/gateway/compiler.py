"""The program of a child process: `python -m` with this module does one order and ends.

The order is a line of JSON on standard input, with the document behind it where there is one; the
result leaves as frames on standard output. In here nobody waits for the interpreter.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from enclave_dns.errors import DocumentError
from enclave_dns.gateway.compilation import Order, compile_document
from enclave_dns.gateway.packed_views import pack, pack_problems

_BUFFER: Final = 1 << 16


def views_order(order: Order) -> bytes:
    """The line that asks for the views which the document behind it gives."""
    return json.dumps({"views": asdict(order) | {"now": order.now.isoformat()}}).encode()


def hosts_order(path: Path) -> bytes:
    """The line that asks for a hosts file."""
    return json.dumps({"hosts": str(path)}).encode()


def frames(line: bytes, content: bytes) -> Iterator[bytes]:
    """The result of an order as frames."""
    order = json.loads(line)
    if "hosts" in order:
        return hosts_frames(Path(order["hosts"]))
    fields = order["views"]
    now = datetime.fromisoformat(fields["now"])
    return view_frames(Order(**fields | {"now": now}), content)


def view_frames(order: Order, content: bytes) -> Iterator[bytes]:
    """Document bytes in, packed views out; or what is wrong with the document."""
    try:
        # Who serves numbers the epochs, and they are not packed.
        compilation = compile_document(order, content, epoch=0)
    except DocumentError as error:
        return pack_problems(error.problems)
    return pack(compilation)


def hosts_frames(path: Path) -> Iterator[bytes]:
    """A hosts file as packed tables, or why it cannot be read."""
    # What only one kind of order needs makes no other wait.
    from enclave_dns.gateway.inputs import read_hosts
    from enclave_dns.gateway.packed_hosts import pack_hosts

    return pack_hosts(read_hosts(path))


def run(source: BinaryIO, sink: BinaryIO) -> None:
    """Do one order."""
    line = source.readline()
    sink.writelines(frames(line, source.read()))


def main() -> None:
    """Do the order on standard input."""
    # What is made here lasts as long as the process; and whoever no longer listens needs no trace.
    gc.disable()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with os.fdopen(1, "wb", buffering=_BUFFER) as sink:
        run(sys.stdin.buffer, sink)
    # To take everything apart first would cost a tenth of the whole.
    os._exit(0)


if __name__ == "__main__":
    main()
