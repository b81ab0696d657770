"""`enclave-dns organisation slice`: the part of an organisation that one system needs."""

import argparse
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from enclave_dns.cli.exit_codes import ERROR, OK
from enclave_dns.cli.explain import find_sender, unknown_system
from enclave_dns.config import load_organisation
from enclave_dns.errors import EnvironmentFault


def run(options: argparse.Namespace) -> int:
    """Write the slice to a file or stdout, as JSON; say on stderr until when it holds."""
    from enclave_dns.organisation.slice import slice_for, valid_until

    organisation = load_organisation(options.file)
    system = find_sender(organisation, options.system)
    if system is None:
        print(unknown_system(organisation, options.system), file=sys.stderr)
        return ERROR
    now = datetime.now(UTC)
    text = json.dumps(slice_for(organisation, system, now), indent=2) + "\n"
    if options.output:
        _write(Path(options.output), text)
    else:
        sys.stdout.write(text)
    until = valid_until(organisation, system, now)
    if until is not None:
        print(f"valid until {until.isoformat()}, when a policy changes", file=sys.stderr)
    return OK


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that a stub never reads half of it."""
    beside = path.parent / f".{path.name}.new"
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise EnvironmentFault(f"cannot write {path}: {error.strerror}") from error
