"""Asks Python's own resolver, or c-ares, for each name in turn, in both families and one process.

One line per name: its addresses, or `error` and the number that the library gives (EAI_ of
getaddrinfo, ARES_ of c-ares). Run as a file, so that it needs nothing else of the lab:
`python -I lookup.py c-ares NAME...`.
"""

import socket
import sys
import threading


def look_up(name: str) -> str:
    """Ask Python's own, which is the C library's."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return f"error {error.errno}"
    return " ".join(str(row[4][0]) for row in found)


def look_up_all_with_c_ares(names: list[str]) -> list[str]:
    """Ask c-ares by one channel, which is what a long-lived program has."""
    import pycares

    channel = pycares.Channel()
    lines = []
    for name in names:
        is_over = threading.Event()

        def tell(found: pycares.AddrInfoResult | None, error: int | None) -> None:
            addresses = [] if found is None else [node.addr[0] for node in found.nodes]
            words = [a.decode() if isinstance(a, bytes) else a for a in addresses]
            lines.append(f"error {error}" if error else " ".join(words))
            is_over.set()  # noqa: B023 (called before the next round begins)

        channel.getaddrinfo(name, None, type=socket.SOCK_STREAM, callback=tell)
        is_over.wait()
    channel.close()
    return lines


if __name__ == "__main__":
    library, *names = sys.argv[1:]
    ask_all = look_up_all_with_c_ares if library == "c-ares" else lambda names: map(look_up, names)
    print("\n".join(ask_all(names)))
