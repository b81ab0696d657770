"""A whole stub with `fallback = "system"`: the machine's own nameservers, and what changes them."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.rdatatype
import pytest

from enclave_dns.config import load_stub_config
from enclave_dns.stub.program import StubProgram
from enclave_dns.upstream.selection import Pace
from tests.fakes.clients import Client
from tests.fakes.nameserver import FakeNameserver, Respond, silence, zone
from tests.fakes.running import Log, Running, document, running, stub_file
from tests.fakes.sites import sites

HERE = "127.0.0.1"
HOME = zone("www.example.com 60 A 192.0.2.80", apex="example.com")
CAFE = zone("www.example.com 60 A 192.0.2.81", apex="example.com")
FIRST, SECOND = "127.200.0.1", "127.200.0.2"


@dataclass(frozen=True, slots=True)
class Scene:
    """A stub without gateways; resolv.conf names the first of two nameservers."""

    stub: Running
    first: FakeNameserver
    second: FakeNameserver

    @property
    def client(self) -> Client:
        return self.stub.client(HERE)

    def use(self, *addresses: str) -> None:
        """Let resolv.conf name these."""
        self.stub.replace("resolv.conf", "".join(f"nameserver {a}\n" for a in addresses))


@asynccontextmanager
async def scene(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    first: Respond = HOME,
    second: Respond = CAFE,
) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(FakeNameserver(first, address=FIRST))
        two = await stack.enter_async_context(FakeNameserver(second, address=SECOND, port=one.port))
        # Files name no ports; these nameservers may not have the one that is meant.
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", one.port)
        # The developer's policy becomes somebody else's: this laptop has no gateway.
        organisation = document().replace('tags = ["developers"]', 'tags = ["guests"]', 1)
        file = stub_file(folder, organisation=organisation, fallback="system")
        file.with_name("resolv.conf").write_text(f"nameserver {FIRST}\n")
        program = StubProgram(load_stub_config(file, {}), file.with_name("resolv.conf"))
        yield Scene(await stack.enter_async_context(running(program, folder)), one, two)


async def test_what_nobody_knows_is_the_nameservers_to_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, monkeypatch) as made:
        assert await made.client.hears("www.example.com") == "NOERROR 192.0.2.80"
        absent = await made.client.ask("absent.example.com")
        [soa] = absent.authority
        assert (soa.name.to_text(), soa.rdtype) == ("example.com.", dns.rdatatype.SOA)
        assert await made.client.hears("anything.enclave") == "NXDOMAIN"
        assert await made.client.hears("printer.local") == "REFUSED"
        assert [name for _, name, _ in made.first.questions] == [
            "www.example.com",
            "absent.example.com",
        ]


async def test_other_nameservers_count_at_once_and_what_the_earlier_ones_said_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, monkeypatch) as made:
        assert await made.client.hears("www.example.com") == "NOERROR 192.0.2.80"
        made.use(SECOND)
        await made.client.until_hears("NOERROR 192.0.2.81", "www.example.com")


async def test_sighup_reads_resolv_conf_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.sources.watching.Watcher._look", lambda watcher: None)
    log = Log(monkeypatch, "enclave_dns.stub.program")
    async with scene(tmp_path, monkeypatch) as made:
        made.use(SECOND)
        assert await made.client.hears("www.example.com") == "NOERROR 192.0.2.80"
        os.kill(os.getpid(), signal.SIGHUP)
        await made.client.until_hears("NOERROR 192.0.2.81", "www.example.com")
        entries = log.of("fallback nameservers in use")
        assert len(entries) == 2


async def test_where_all_nameservers_are_silent_it_is_servfail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enclave_dns.stub.fallback.PACE", Pace(0.3, 0.3, 0.3))
    async with scene(tmp_path, monkeypatch, first=silence) as made:
        assert await made.client.hears("www.example.com") == "SERVFAIL"


async def test_our_own_listen_address_is_never_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(tmp_path, monkeypatch) as made:
        port = made.stub.at[1]
        monkeypatch.setattr("enclave_dns.sources.nameserver.DNS_PORT", port)
        made.use(HERE)
        # Only ourselves are named: nobody is left to ask, and nothing goes in circles.
        await made.client.until_hears("SERVFAIL", "www.example.com")
        fallback = made.stub.program._fallback
        assert fallback.selected.nameservers == ()
        assert [one.why for one in fallback.selected.skipped] == ["our own listen address"]


async def test_gateways_come_first_and_an_answered_name_is_never_mixed(tmp_path: Path) -> None:
    public = zone("db.corp.net 60 A 192.0.2.1\ndb.corp.net 60 AAAA 2001:db8::1")
    async with FakeNameserver(public) as nameserver:
        settings = {"fallback": "system", "nameservers": [str(nameserver.server)]}
        async with sites(tmp_path, **settings) as made:
            assert await made.client.hears("db.corp.net") == "NOERROR 10.0.0.30"
            assert await made.client.hears("db.corp.net", "AAAA") == "NOERROR"
            assert nameserver.seen == []
