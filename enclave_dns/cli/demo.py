"""`enclave-dns demo`: an office, a gateway and two laptops on loopback, and their story.

Every question goes through real sockets and the real programs; each reply is held against what the
story says, and the exit code is 1 where one differs.
"""

import argparse
import json
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from enclave_dns.cli.demo_story import (
    ABSENT,
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    HIDDEN,
    HOSTS,
    OFFICE,
    ORGANISATION,
    SCENES,
    Scene,
)
from enclave_dns.cli.exit_codes import ERROR, OK
from enclave_dns.errors import EnvironmentFault

_START: Final = 20.0
"""Seconds that a program gets to say that it is ready."""

_LAPTOPS: Final = {"developer": ("KD9Q2", DEVELOPER), "contractor": ("C8XTR", CONTRACTOR)}


@dataclass(frozen=True, slots=True)
class Heard:
    """A scene and the reply that came."""

    scene: Scene
    rcode: str
    data: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether this is what the story says."""
        return (self.rcode, self.data) == (self.scene.rcode, self.scene.data)


def run(options: argparse.Namespace) -> int:
    """Tell the story; stay up afterwards where somebody is there to try it."""
    try:
        from enclave_dns.cli.demo_office import Office
    except ImportError:
        raise EnvironmentFault("the demo needs dnslib: pip install 'enclave-dns[demo]'") from None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="enclave-dns-demo-")))
        office = stack.enter_context(Office(OFFICE))
        gateway = stack.enter_context(_gateway(folder, office.port))
        stubs = {who: stack.enter_context(_stub(folder, who, gateway)) for who in _LAPTOPS}
        heard = [_ask(scene, stubs[scene.who]) for scene in SCENES]
        replies = [_raw(name, gateway) for name in (HIDDEN, ABSENT)]
        is_same = replies[0] == replies[1]
        if options.json:
            print(json.dumps(_as_json(heard, is_same), indent=2))
        else:
            _tell(heard, is_same, replies[0])
        code = OK if is_same and all(item.is_right for item in heard) else ERROR
        if not options.json:
            _invite(folder, gateway, stubs)
        if not options.once and sys.stdin.isatty() and sys.stdout.isatty():
            print("\nUp until Ctrl-C.", flush=True)
            with suppress(KeyboardInterrupt):
                signal.pause()
    return code


@contextmanager
def _gateway(folder: Path, office_port: int) -> Iterator[int]:
    """The gateway's program; gives its port."""
    (folder / "organisation.toml").write_text(ORGANISATION)
    (folder / "hosts").write_text(HOSTS)
    config = folder / "gateway.toml"
    config.write_text(
        'system_id = "WZL94"\n'
        'organisation = "organisation.toml"\n'
        f'listen = ["{GATEWAY}:0"]\n'
        'hosts_file = "hosts"\n'
        f'nameservers = ["{OFFICE}:{office_port}"]\n'
        'log_level = "warning"\n'
    )
    with _program("gateway", config) as port:
        yield port


@contextmanager
def _stub(folder: Path, who: str, gateway_port: int) -> Iterator[int]:
    """One laptop's program; gives its port on 127.0.0.1."""
    system_id, address = _LAPTOPS[who]
    config = folder / f"{who}.toml"
    config.write_text(
        f'system_id = "{system_id}"\n'
        'organisation = "organisation.toml"\n'
        'listen = ["127.0.0.1:0"]\n'
        f'source_address = "{address}"\n'
        f"gateway_port = {gateway_port}\n"
        'log_level = "warning"\n'
    )
    with _program("stub", config) as port:
        yield port


@contextmanager
def _program(verb: str, config: Path) -> Iterator[int]:
    """Run one of our own programs until the end of the story; gives the port it is ready on."""
    command = [sys.executable, "-m", "enclave_dns", verb, "-c", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
    try:
        stdout = process.stdout
        is_ready = stdout is not None and select.select([stdout], [], [], _START)[0]
        words = stdout.readline().split() if stdout is not None and is_ready else []
        if words[:2] != ["ready", verb]:
            raise EnvironmentFault(f"the {verb} of the demo did not start; its reason stands above")
        yield int(words[3].rpartition(":")[2])
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _ask(scene: Scene, port: int) -> Heard:
    """One question to a laptop's stub, as any program on that laptop would ask it."""
    import dns.exception
    import dns.message
    import dns.query
    import dns.rcode

    question = dns.message.make_query(scene.name, scene.rtype)
    try:
        reply = dns.query.udp(question, "127.0.0.1", port=port, timeout=3)
    except dns.exception.Timeout:
        return Heard(scene, "(silence)", ())
    data = tuple(item.to_text() for rrset in reply.answer for item in rrset)
    return Heard(scene, dns.rcode.to_text(reply.rcode()), data)


def _raw(name: str, port: int) -> bytes:
    """The gateway's reply to the contractor, without its id and question."""
    import dns.message
    import dns.query

    question = dns.message.make_query(name, "A")
    reply = dns.query.udp(question, GATEWAY, port=port, source=CONTRACTOR, timeout=3)
    size = len(question.question[0].name.to_wire() or b"") + 4
    return reply.wire[2:12] + reply.wire[12 + size :] if reply.wire else b""


def _tell(heard: list[Heard], is_same: bool, reply: bytes) -> None:
    rows = [("who", "asks", "hears", "because")]
    for item in heard:
        reply_text = " ".join(item.data) or item.rcode
        if item.rcode == "NOERROR" and not item.data:
            reply_text = "NODATA"
        mark = "" if item.is_right else f"  <-- WRONG, the story says {item.scene.rcode} "
        mark += "" if item.is_right else " ".join(item.scene.data)
        scene = item.scene
        rows.append((scene.who, f"{scene.name} {scene.rtype}", reply_text, scene.why + mark))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print("Menlo Park Office: a gateway, its nameserver and hosts file, and two laptops.\n")
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[3]]).rstrip())
    verdict = "the same, byte for byte" if is_same else "DIFFERENT: this must not be"
    print(f"\nThe gateway to the contractor, for {HIDDEN} (hidden) and {ABSENT} (absent):")
    print(f"  {verdict} (id and question aside): {reply.hex(' ')}")


def _invite(folder: Path, gateway: int, stubs: dict[str, int]) -> None:
    print("\nTry it while it runs:")
    print(f"  dig @127.0.0.1 -p {stubs['developer']} dbserver1.corp.net")
    print(f"  dig @127.0.0.1 -p {stubs['contractor']} files.corp.net")
    print(f"  dig @127.0.0.1 -p {stubs['contractor']} dbserver1.corp.net")
    print(f"  dig @{GATEWAY} -p {gateway} -b {CONTRACTOR} files.corp.net")
    print(f"  enclave-dns explain files.corp.net --sender C8XTR -c {folder / 'gateway.toml'}")


def _as_json(heard: list[Heard], is_same: bool) -> dict[str, object]:
    scenes = [
        asdict(item.scene)
        | {"heard": {"rcode": item.rcode, "data": item.data}, "right": item.is_right}
        for item in heard
    ]
    return {"schema": 1, "scenes": scenes, "hidden_and_absent_are_the_same": is_same}
