"""The arguments of every verb, each with an example that works."""

import argparse
from typing import Final

from enclave_dns import __version__

_EXAMPLES: Final = {
    "gateway": "enclave-dns gateway -c /etc/enclave-dns/gateway.toml",
    "stub": "enclave-dns stub -c /etc/enclave-dns/stub.toml",
    "check": "enclave-dns check conf/organisation.toml conf/gateway.toml",
    "query": "enclave-dns query dbserver1.corp.net A --server 127.0.0.1:5300",
    "explain": "enclave-dns explain files.corp.net A --sender KD9Q2 -c conf/gateway.toml",
    "organisation": "enclave-dns organisation slice --for KD9Q2 conf/organisation.toml",
    "os": "enclave-dns os status -c /etc/enclave-dns/stub.toml",
    "demo": "enclave-dns demo --once",
}

_SUMMARIES: Final = {
    "gateway": "run a gateway: resolve for senders, disclose what their policies permit",
    "stub": "run a stub: answer .enclave names, forward unknown names to gateways",
    "check": "check organisation and configuration files",
    "query": "ask a DNS server one question",
    "explain": "say why a name is answered, or is not: at a gateway or on a laptop",
    "organisation": "work on an organisation's document: cut the slice of one system",
    "os": "show our place in this machine's resolver, or undo it with the stub dead",
    "demo": "run an office, a gateway and two laptops on loopback, and tell their story",
}


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `verb` of its result names the module to run."""
    top = argparse.ArgumentParser(
        prog="enclave-dns",
        description="A policy-aware DNS stub resolver and forwarder for overlay networks.",
        epilog="enclave-dns VERB --help shows a verb's options and an example.",
    )
    top.add_argument("--version", action="version", version=f"enclave-dns {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB")
    _daemon(_verb(verbs, "gateway"))
    _daemon(_verb(verbs, "stub"))
    check = _verb(verbs, "check")
    check.add_argument("files", nargs="+", metavar="FILE", help="a .toml or .json file")
    _json(check)
    query = _verb(verbs, "query")
    _question(query)
    query.add_argument(
        "--server", default="127.0.0.1:53", metavar="A[:P]", help="whom to ask (%(default)s)"
    )
    query.add_argument("--source", default="", metavar="A", help="the address to ask from")
    query.add_argument("--tcp", action="store_true", help="ask over TCP")
    query.add_argument(
        "--timeout", type=float, default=2.0, metavar="S", help="seconds to wait (%(default)s)"
    )
    _json(query)
    explain = _verb(verbs, "explain")
    _question(explain)
    explain.add_argument(
        "--sender",
        default="",
        metavar="ID",
        help="who asks a gateway: a system's id or virtual address",
    )
    explain.add_argument(
        "-c", "--config", required=True, metavar="FILE", help="a gateway's or a stub's"
    )
    _json(explain)
    _organisation(_verb(verbs, "organisation"))
    _os(_verb(verbs, "os"))
    demo = _verb(verbs, "demo")
    demo.add_argument("--once", action="store_true", help="end after the story")
    _json(demo)
    return top


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str
) -> argparse.ArgumentParser:
    summary = _SUMMARIES[name]
    return verbs.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example: {_EXAMPLES[name]}",
    )


def _organisation(verb: argparse.ArgumentParser) -> None:
    works = verb.add_subparsers(dest="work", metavar="WORK", required=True)
    cut = works.add_parser(
        "slice",
        help="write only what one system needs",
        description="Write only what one system needs of an organisation, as JSON.",
        epilog=f"example: {_EXAMPLES['organisation']}",
    )
    cut.add_argument(
        "--for", required=True, dest="system", metavar="ID", help="whom the slice is for"
    )
    cut.add_argument("file", metavar="FILE", help="the organisation")
    cut.add_argument("-o", "--output", default="", metavar="FILE", help="stdout unless given")


def _os(verb: argparse.ArgumentParser) -> None:
    works = verb.add_subparsers(dest="work", metavar="WORK", required=True)
    status = works.add_parser(
        "status",
        help="who manages the machine's nameservers, and whether we are among them",
        description="Show who manages the machine's nameservers, and whether we are among them.",
        epilog=f"example: {_EXAMPLES['os']}",
    )
    restore = works.add_parser(
        "restore",
        help="undo what a stub that is gone has left",
        description="Undo what a stub that is gone has left behind. May be called at any time.",
        epilog="example: enclave-dns os restore",
    )
    for work in (status, restore):
        place = work.add_mutually_exclusive_group()
        place.add_argument("-c", "--config", default="", metavar="FILE", help="the stub's")
        place.add_argument(
            "--state-dir", default="", metavar="DIR", help="where the stub keeps its journal"
        )
        _json(work)


def _daemon(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("-c", "--config", required=True, metavar="FILE", help="its configuration")
    verb.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), help="overrides the file's"
    )
    _json(verb, "logs as JSON lines")


def _question(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", metavar="NAME", help="a domain name, or an address for its PTR")
    verb.add_argument(
        "type", nargs="?", default="", metavar="TYPE", help="A, or PTR for an address, unless given"
    )


def _json(verb: argparse.ArgumentParser, text: str = "print JSON") -> None:
    verb.add_argument("--json", action="store_true", help=text)
