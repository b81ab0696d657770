"""One order in, frames out, as the child process does it."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from enclave_dns.errors import DocumentError
from enclave_dns.gateway.compilation import Compilation, Order, compile_document
from enclave_dns.gateway.compiler import hosts_order, run, views_order
from enclave_dns.gateway.frames import FRAME_HEAD, Taker, read_frame_head
from enclave_dns.gateway.inputs import read_hosts
from enclave_dns.gateway.packed_hosts import HostsUnpacker
from enclave_dns.gateway.packed_views import Unpacker
from enclave_dns.sources.files import NoContent
from tests.fakes.organisations import NOON
from tests.fakes.processes import PATIENCE, ROOT, environment
from tests.fakes.running import document

ORDER = Order("organisation.toml", "WZL94", 3, NOON)
TEXT = document(5).encode()


def done(line: bytes, content: bytes = b"") -> bytes:
    sink = BytesIO()
    run(BytesIO(line + b"\n" + content), sink)
    return sink.getvalue()


def take_all(sent: bytes, taker: Taker) -> None:
    source = BytesIO(sent)
    while head := source.read(FRAME_HEAD.size):
        kind, length = read_frame_head(head)
        taker.take(kind, source.read(length))


def views_of(sent: bytes) -> Compilation:
    unpacker = Unpacker(7)
    take_all(sent, unpacker)
    return unpacker.whole()


def test_a_document_is_compiled_as_it_would_be_here() -> None:
    assert views_of(done(views_order(ORDER), TEXT)) == compile_document(ORDER, TEXT, 7)


@pytest.mark.parametrize("text", [b"version =", TEXT.replace(b"WZL94", b"WZL99"), document(2)])
def test_a_document_that_is_refused_is_refused_in_the_same_words(text: bytes | str) -> None:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(DocumentError) as here:
        compile_document(ORDER, content, 7)
    with pytest.raises(DocumentError) as there:
        views_of(done(views_order(ORDER), content))
    assert there.value.problems == here.value.problems


def test_a_hosts_file_is_read_as_it_would_be_here(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    for found in (NoContent("no such file", is_missing=True), None):
        unpacker = HostsUnpacker()
        take_all(done(hosts_order(file)), unpacker)
        assert unpacker.whole() == (found or read_hosts(file))
        file.write_text("10.0.0.30 db db.corp.net\nfd00::1 db\n")


def test_as_a_program_it_does_one_order_and_ends() -> None:
    child = subprocess.run(
        [sys.executable, "-P", "-m", "enclave_dns.gateway.compiler"],
        input=views_order(ORDER) + b"\n" + TEXT,
        capture_output=True,
        env=environment(),
        cwd=ROOT,
        timeout=PATIENCE,
        check=True,
    )
    assert child.stderr == b""
    assert views_of(child.stdout) == compile_document(ORDER, TEXT, 7)


def test_without_an_order_it_fails() -> None:
    child = subprocess.run(
        [sys.executable, "-P", "-m", "enclave_dns.gateway.compiler"],
        input=b"",
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert child.returncode
    assert child.stdout == b""
