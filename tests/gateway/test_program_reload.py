"""A running gateway whose files change, in every way that files change, and whose policies end."""

import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.nameserver import FakeNameserver, zone
from tests.fakes.running import (
    DEVELOPER,
    Log,
    Running,
    document,
    gateway_program,
    replace,
    running,
)

ZONE = "db.corp.net 300 A 10.0.0.30\nweb.corp.net 300 A 10.1.0.30"
SHOWN, HIDDEN = "NOERROR 10.0.0.30", "REFUSED"

Change = Callable[[Path, str], None]


def by_rename(file: Path, text: str) -> None:
    replace(file, text)


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def by_symlink(file: Path, text: str) -> None:
    """As ConfigMap volumes do: a new folder, and the link to it swapped."""
    versions = len(list(file.parent.glob("..v*")))
    folder = file.parent / f"..v{versions}"
    folder.mkdir()
    (folder / file.name).write_text(text)
    fresh = file.with_name("..fresh")
    fresh.symlink_to(folder / file.name)
    fresh.rename(file)


CHANGES = pytest.mark.parametrize("change", [by_rename, in_place, by_symlink])


@asynccontextmanager
async def office(folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """A running gateway with one nameserver."""
    async with FakeNameserver(zone(ZONE)) as nameserver:
        program = gateway_program(folder, [nameserver], **settings)
        async with running(program, folder) as gateway:
            yield gateway


@CHANGES
async def test_another_organisation_counts(tmp_path: Path, change: Change) -> None:
    file = tmp_path / "organisation.toml"
    async with office(tmp_path) as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == SHOWN
        change(file, document(2, developers="10.1.0.0/24"))
        await developer.until_hears(HIDDEN, "db.corp.net")
        assert await developer.hears("web.corp.net") == "NOERROR 10.1.0.30"
        change(file, document(3))
        await developer.until_hears(SHOWN, "db.corp.net")
        assert await developer.hears("web.corp.net") == HIDDEN


@CHANGES
async def test_another_hosts_file_counts(tmp_path: Path, change: Change) -> None:
    file = tmp_path / "hosts"
    async with office(tmp_path, hosts="10.0.0.40 printer\n") as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("printer") == "NOERROR 10.0.0.40"
        change(file, "10.0.0.41 printer db.corp.net\n")
        await developer.until_hears("NOERROR 10.0.0.41", "printer")
        assert await developer.hears("db.corp.net") == "NOERROR 10.0.0.41"
        change(file, "# nobody is here any more\n")
        await developer.until_hears(HIDDEN, "printer")
        assert await developer.hears("db.corp.net") == SHOWN


async def test_a_hosts_file_may_go_and_come_back(tmp_path: Path) -> None:
    async with office(tmp_path, hosts="10.0.0.40 printer") as gateway:
        developer = gateway.client(DEVELOPER)
        (tmp_path / "hosts").unlink()
        await developer.until_hears(HIDDEN, "printer")
        (tmp_path / "hosts").write_text("10.0.0.42 printer")
        await developer.until_hears("NOERROR 10.0.0.42", "printer")


async def test_a_hosts_file_past_its_bound_leaves_the_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.gateway.inputs.MAX_LINES", 2)
    log = Log(monkeypatch, "enclave_dns.gateway.service")
    async with office(tmp_path, hosts="10.0.0.40 printer\n") as gateway:
        gateway.replace("hosts", "10.0.0.41 printer\n" * 3)
        [entry] = await log.until("hosts file not read")
        assert (entry["reason"], entry["names_in_use"]) == ("more than 2 lines", 1)
        assert await gateway.client(DEVELOPER).hears("printer") == "NOERROR 10.0.0.40"


@CHANGES
async def test_other_nameservers_count_and_what_the_earlier_said_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    file = tmp_path / "resolv.conf"
    async with FakeNameserver(zone(ZONE)) as nameserver:
        # resolv.conf knows no ports; the nameserver of a test may not have port 53.
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", nameserver.port)
        file.write_text("nameserver 127.100.0.99\n")
        program = gateway_program(tmp_path)
        async with running(program, tmp_path) as gateway:
            developer = gateway.client(DEVELOPER)
            await developer.until_hears("SERVFAIL", "db.corp.net")
            change(file, "search corp.net\nnameserver 127.0.0.1 # the office\n")
            await developer.until_hears(SHOWN, "db.corp.net")
            asked = len(nameserver.seen)
            assert await developer.hears("db.corp.net") == SHOWN
            assert len(nameserver.seen) == asked
            change(file, "nameserver 127.100.0.98\n")
            await developer.until_hears("SERVFAIL", "db.corp.net")
            assert len(nameserver.seen) == asked


async def test_our_own_address_is_no_nameserver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeNameserver(zone(ZONE)) as nameserver:
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", nameserver.port)
        listen = [f"127.100.64.70:{nameserver.port}"]
        (tmp_path / "resolv.conf").write_text(
            "nameserver 127.100.64.70\nnameserver 127.0.0.1\noptions rotate\n"
        )
        async with running(gateway_program(tmp_path, listen=listen), tmp_path) as gateway:
            developer = gateway.client(DEVELOPER)
            for number in range(4):
                assert await developer.hears(f"n{number}.corp.net") == HIDDEN
            assert await developer.hears("db.corp.net") == SHOWN


async def test_one_bad_document_changes_nothing_and_each_of_its_problems_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.policy")
    async with office(tmp_path) as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("db.corp.net") == SHOWN
        two_mistakes = document(2, more='sender_tag = ["x"]\ndescriptio = "y"')
        gateway.replace("organisation.toml", two_mistakes)
        entries = await log.until("organisation not reloaded", 2)
        assert len(entries) == 2
        for entry, key in zip(entries, ("sender_tag", "descriptio"), strict=True):
            assert entry["log_level"] == "error"
            assert re.fullmatch(rf".*organisation\.toml.*{key}.*did you mean.*", entry["problem"])
        assert await developer.hears("web.corp.net") == HIDDEN
        assert await developer.hears("db.corp.net") == SHOWN
        gateway.replace("organisation.toml", document(2, developers="10.1.0.0/24"))
        await developer.until_hears(HIDDEN, "db.corp.net")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (document(4), r"version 4 is lower than the running version 5"),
        (document(6).replace("WZL94", "WZL99"), r"no system WZL94"),
        (
            document(6).replace("gateway_routes", "is_enabled = false\ngateway_routes", 1),
            "disabled",
        ),
        ("", r"organisation\.toml"),
        ("\0\1\2", r"organisation\.toml"),
    ],
    ids=["older", "not in it", "disabled", "empty", "binary"],
)
async def test_a_document_that_cannot_be_used_keeps_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.policy")
    async with office(tmp_path, organisation=document(5)) as gateway:
        gateway.replace("organisation.toml", text)
        (entry,) = await log.until("organisation not reloaded")
        assert re.search(reason, str(entry["problem"]))
        assert await gateway.client(DEVELOPER).hears("db.corp.net") == SHOWN


async def test_a_document_that_is_gone_keeps_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.policy")
    async with office(tmp_path) as gateway:
        (tmp_path / "organisation.toml").unlink()
        assert await log.until("organisation not reloaded")
        assert await gateway.client(DEVELOPER).hears("db.corp.net") == SHOWN


async def test_the_same_version_may_be_read_again(tmp_path: Path) -> None:
    async with office(tmp_path, organisation=document(5)) as gateway:
        gateway.replace("organisation.toml", document(5, developers="10.1.0.0/24"))
        await gateway.client(DEVELOPER).until_hears("NOERROR 10.1.0.30", "web.corp.net")


async def test_sighup_reads_everything_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch, "enclave_dns.gateway.policy")
    # Nobody watches: only the signal can be the reason.
    monkeypatch.setattr("enclave_dns.sources.watching.Watcher._look", lambda watcher: None)
    async with office(tmp_path, hosts="10.0.0.40 printer") as gateway:
        developer = gateway.client(DEVELOPER)
        assert await developer.hears("printer") == "NOERROR 10.0.0.40"
        gateway.replace("hosts", "10.1.0.41 printer")
        gateway.replace("organisation.toml", document(2, developers="10.1.0.0/24"))
        assert await developer.hears("printer") == "NOERROR 10.0.0.40"
        os.kill(os.getpid(), signal.SIGHUP)
        await developer.until_hears("NOERROR 10.1.0.41", "printer")
        assert log.of("organisation reloaded")
        gateway.replace("organisation.toml", "version =")
        os.kill(os.getpid(), signal.SIGHUP)
        await log.until("organisation not reloaded")
        assert await developer.hears("printer") == "NOERROR 10.1.0.41"
