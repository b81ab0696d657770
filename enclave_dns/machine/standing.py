"""Our standing in this machine's resolver, as `enclave-dns os status` tells it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from enclave_dns.errors import EnvironmentFault
from enclave_dns.machine.detection import Found
from enclave_dns.machine.journal import Damaged, Journal
from enclave_dns.machine.plain_file import journal_in
from enclave_dns.machine.resolv_conf_file import Whose, read_now, whose
from enclave_dns.sources.resolv_conf import parse_resolv_conf

_MUSL: Final = "ld-musl-*.so.1"
_MUSL_ADVICE: Final = (
    "musl asks all nameservers at once and takes the first reply, so that names behind gateways "
    'are found by chance: make the stub the only nameserver, with `fallback = "system"` and the '
    "network's `nameservers`, and `manage_dns = false`"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """`manager` is empty where nobody is there to be talked to. `is_wanted`: `manage_dns` of the
    configuration, None where none was given. `is_running`: a stub holds the journal."""

    manager: str
    why: str
    resolv_conf: str
    whose: str
    nameservers: tuple[str, ...]
    is_wanted: bool | None
    is_running: bool
    journal: str
    journal_of: str
    problem: str
    is_left_behind: bool
    has_musl: bool
    next: str


def standing(
    journal: Journal,
    found: Found,
    path: Path,
    is_wanted: bool | None,
    libraries: Path = Path("/lib"),
) -> Standing:
    """Everything as it is now; never raises, and changes nothing.

    Where `journal` is empty, the one that a resolv.conf of ours names is looked at.
    """
    named = journal_in(path)
    if named is not None and not journal.is_there:
        journal = named
    problem = journal_of = ""
    try:
        entry = journal.read()
        if isinstance(entry, Damaged):
            problem = str(entry)
        elif entry is not None:
            journal_of = entry.manager.value
    except EnvironmentFault as fault:
        problem = str(fault)
    is_running = journal.is_held()
    file_is = whose(path)
    is_marked = file_is in (Whose.OURS, Whose.EDITED)
    is_left_behind = not is_running and (bool(journal_of) or is_marked)
    return Standing(
        manager=found.manager.value if found.manager else "",
        why=found.why,
        resolv_conf=str(path),
        whose=file_is.value,
        nameservers=tuple(str(s) for s in parse_resolv_conf(read_now(path)).nameservers),
        is_wanted=is_wanted,
        is_running=is_running,
        journal=str(journal.path),
        journal_of=journal_of,
        problem=problem,
        is_left_behind=is_left_behind,
        has_musl=any(libraries.glob(_MUSL)),
        next=_next(found, is_wanted, is_running, bool(problem) or is_left_behind),
    )


def _next(found: Found, is_wanted: bool | None, is_running: bool, is_to_undo: bool) -> str:
    if is_to_undo and not is_running:
        return "enclave-dns os restore"
    if is_running:
        return "enclave-dns query _my.id.enclave"
    if is_wanted is False:
        return "set `manage_dns = true` in the stub's configuration, and restart the stub"
    if found.manager is None:
        return "see the reason above"
    return "enclave-dns stub -c FILE, with `manage_dns = true`"


def text_lines(told: Standing) -> list[str]:
    """The same for people."""
    undo = f"how to undo {told.journal_of}" if told.journal_of else "nothing to undo"
    running = "runs and keeps us there" if told.is_running else "none that manages DNS here"
    if told.is_left_behind:
        running = "none, but an earlier one has left its changes"
    rows = [
        ("managed by", f"{told.manager or 'nobody that we can talk to'}: {told.why}"),
        (told.resolv_conf, f"{told.whose}; it names {', '.join(told.nameservers) or 'nobody'}"),
        ("stub", running),
        ("journal", f"{told.journal}: {told.problem or undo}"),
    ]
    if told.has_musl:
        rows.append(("musl", _MUSL_ADVICE))
    rows.append(("next", told.next))
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {text}" for name, text in rows]
