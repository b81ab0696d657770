"""A machine of an office that answers on TCP: it says who it is, and whom it sees."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.namespaces import Namespace

_LOOKS_EVERY = 0.1


@contextmanager
def greeter(namespace: Namespace, address: str, port: int) -> Iterator[None]:
    """Greet whoever connects with `ADDRESS greets SENDER`, and hang up."""
    is_over = threading.Event()
    with namespace.socket(socket.SOCK_STREAM, timeout=_LOOKS_EVERY) as server:
        server.bind((address, port))
        server.listen()

        def greet() -> None:
            while not is_over.is_set():
                try:
                    client, (sender, _) = server.accept()
                except TimeoutError:
                    continue
                with client:
                    client.sendall(f"{address} greets {sender}".encode())

        thread = threading.Thread(target=greet, name=f"greeter {address}")
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
