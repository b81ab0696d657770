"""`enclave-dns os`: our place in this machine's resolver, and the way out of it.

`restore` works with the stub dead, from the journal alone; where even that is gone, it takes us out
of a resolv.conf that bears our mark.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from enclave_dns.cli.exit_codes import ERROR, NOT_RUNNING, OK, USAGE
from enclave_dns.config import StubConfig, load_config
from enclave_dns.config.settings import STATE_DIR
from enclave_dns.errors import EnclaveDnsError, EnvironmentFault
from enclave_dns.machine.detection import RESOLV_CONF
from enclave_dns.machine.integration import Manager
from enclave_dns.machine.journal import Damaged, Journal
from enclave_dns.machine.plain_file import journal_in
from enclave_dns.machine.resolv_conf_file import Saved, Whose, take_out, whose
from enclave_dns.machine.resolv_conf_file import restore as file_restore
from enclave_dns.machine.ways import find, way_into

SCHEMA: Final = 1


def run(options: argparse.Namespace) -> int:
    """Do one of the two works; see `status` and `restore`."""
    config: StubConfig | None = None
    if options.config:
        loaded = load_config(options.config, os.environ)
        if not isinstance(loaded, StubConfig):
            print(f"enclave-dns os: {options.config} is no stub's configuration", file=sys.stderr)
            return USAGE
        config = loaded
    folder = _state_dir(options, config)
    try:
        if options.work == "restore":
            return restore(Journal(folder), is_json=options.json)
        return status(Journal(folder), config, is_json=options.json)
    except EnclaveDnsError:
        raise
    except Exception as error:  # noqa: BLE001 - a way out of trouble ends in words, not in a trace
        print(f"enclave-dns os: failed unexpectedly: {error!r}", file=sys.stderr)
        return ERROR


def _state_dir(options: argparse.Namespace, config: StubConfig | None) -> Path:
    if options.state_dir:
        return Path(options.state_dir).absolute()
    if config is not None:
        return config.state_dir
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else STATE_DIR


def status(journal: Journal, config: StubConfig | None, *, is_json: bool) -> int:
    """Print what there is. Exit 0: all as it should be; 1: something is to be undone or looked at;
    3: DNS is to be managed, and no stub does it."""
    from enclave_dns.machine.standing import standing, text_lines

    found = asyncio.run(find(RESOLV_CONF))
    told = standing(journal, found, RESOLV_CONF, None if config is None else config.manage_dns)
    if is_json:
        print(json.dumps({"schema": SCHEMA, **asdict(told)}, indent=2))
    else:
        print("\n".join(text_lines(told)))
    if told.is_left_behind or told.problem:
        return ERROR
    return NOT_RUNNING if told.is_wanted and not told.is_running else OK


def restore(journal: Journal, *, is_json: bool) -> int:
    """Undo what the journal says, and clear it; then the same with the journal that a resolv.conf
    of ours names, if that is another one. Exit 0 also where there is nothing to undo; 1 where a
    stub runs, something cannot be undone, or a journal was damaged."""
    code, done = OK, "nothing to undo"
    if journal.is_there:
        code, done = _from_journal(journal)
    named = journal_in(RESOLV_CONF)
    if named is not None and named.path != journal.path:
        if named.is_held():
            raise EnvironmentFault(
                f"{RESOLV_CONF} is that of a running stub, which undoes its changes when it stops; "
                f"its journal is {named.path}: stop it"
            )
        if named.is_there:
            other, done = _from_journal(named)
            code = max(code, other)
    if whose(RESOLV_CONF) in (Whose.OURS, Whose.EDITED) and not journal.is_held():
        take_out(RESOLV_CONF)
        done = f"{done}; {RESOLV_CONF} had our mark and is without us now"
    if is_json:
        print(json.dumps({"schema": SCHEMA, "ok": code == OK, "done": done}))
    else:
        print(done, file=sys.stderr if code else sys.stdout)
    return code


def _from_journal(journal: Journal) -> tuple[int, str]:
    if not journal.hold():
        raise EnvironmentFault("the stub is running and undoes its changes when it stops: stop it")
    try:
        return _undone(journal)
    finally:
        journal.release()


def _undone(journal: Journal) -> tuple[int, str]:
    entry = journal.read()
    if isinstance(entry, Damaged):
        aside = journal.set_aside()
        return ERROR, f"the journal was damaged and is not followed; it is {aside} now"
    if entry is None:
        return OK, "nothing to undo"
    if entry.manager is Manager.PLAIN_FILE:
        done = file_restore(Saved.from_data(entry.data))
    else:
        asyncio.run(way_into(RESOLV_CONF)(entry.manager).undo(entry))
        done = f"{entry.manager.value} is without us again"
    journal.clear()
    return OK, done
