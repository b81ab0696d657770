"""A laptop with gateways at three sites, of which two have a private name in common.

The stub is the whole program; the gateways are fakes at their own virtual addresses, which a test
may let lie. The document can be the whole organisation or the laptop's slice of it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enclave_dns.config import load_organisation, load_stub_config
from enclave_dns.organisation.slice import slice_for
from enclave_dns.organisation.versions import own_system
from enclave_dns.stub.program import StubProgram
from tests.fakes.clients import Client
from tests.fakes.gateways import no_answers
from tests.fakes.nameserver import FakeNameserver, Respond, rcode, zone
from tests.fakes.running import DEVELOPER, Running, running, stub_file

ADDRESSES = {"LON01": "127.100.64.70", "PAR01": "127.100.64.71", "BER01": "127.100.64.72"}
STORE = "127.100.64.20"
HERE = "127.0.0.1"

LONDON = no_answers(
    zone(
        """
db.corp.net             60 A     10.0.0.30
db.corp.net             60 TXT   "a database"
db.corp.net             60 HTTPS 1 . alpn=h2 ipv4hint=10.0.0.30,192.168.0.66
v6.corp.net             60 AAAA  fd00:10::6
both.corp.net           60 A     10.0.0.32
both.corp.net           60 AAAA  fd00:10::32
www.corp.net            60 CNAME db.corp.net.
lost.corp.net           60 CNAME outside.corp.net.
mixed.corp.net          60 A     10.0.0.31
mixed.corp.net          60 A     192.168.0.31
outside.corp.net        60 A     192.168.0.32
text.corp.net           60 TXT   "no address"
mail.corp.net           60 MX    10 db.corp.net.
_ldap._tcp.corp.net     60 SRV   0 100 389 db.corp.net.
sub.corp.net            60 NS    db.corp.net.
30.0.0.10.in-addr.arpa  60 PTR   db.corp.net.
"""
    )
)
PARIS = no_answers(zone("db.corp.net 60 A 10.0.1.30\nnas.paris.net 60 A 10.0.1.31"))
BERLIN = no_answers(zone("lab.berlin.net 60 A 10.0.2.30"))
REFUSING = rcode("REFUSED")


def document(*order: str, version: int = 1) -> str:
    """The organisation, with one policy for each site in this order (default: as listed above)."""
    routes = {name: f"10.0.{at}.0/24" for at, name in enumerate(ADDRESSES)}
    systems = "".join(
        f'[[systems]]\nsystem_id = "{name}"\nvirtual_address = "{at}"\n'
        f'gateway_routes = [{{ subnet = "{routes[name]}" }}, {{ subnet = "fd00:10::/64" }}]\n'
        for name, at in ADDRESSES.items()
    )
    policies = "".join(
        '[[policies]]\ntype = "gateway"\nsender_tags = ["users"]\nacls = [{ protocol = "any" }]\n'
        f'gateways = [{{ system_id = "{name}", routes = ["{routes[name]}"'
        + (', "fd00:10::/64"' if name == "LON01" else "")
        + "] }]\n"
        for name in order or ADDRESSES
    )
    return f"""
version = {version}
virtual_networks = ["127.100.64.0/24"]
{systems}
[[systems]]
system_id = "KD9Q2"
hostname = "laptop-7"
virtual_address = ["{DEVELOPER}", "fd00:64::12"]
tags = ["users"]
[[systems]]
system_id = "STORE"
hostname = "store"
virtual_address = "{STORE}"
tags = ["servers"]
[[systems]]
system_id = "HID01"
hostname = "secret"
virtual_address = "127.100.64.99"
tags = ["servers-of-others"]
{policies}
[[policies]]
type = "general"
sender_tags = ["users"]
receiver_tags = ["servers"]
acls = [{{ protocol = "any" }}]
[[dns_zones]]
name = "enclave"
auto_dns_tags = ["users", "servers", "servers-of-others"]
records = [
    {{ name = "db", systems = ["STORE"] }},
    {{ name = "*.dev", tags = ["servers"] }},
    {{ name = "a.deep", systems = ["STORE"] }},
    {{ name = "hidden", systems = ["HID01"] }},
]
[[dns_zones]]
name = "open.example"
records = [ {{ name = "@", systems = ["STORE"] }}, {{ name = "wiki", systems = ["STORE"] }} ]
[[dns_zones]]
name = "closed.example"
closed = true
records = [ {{ name = "wiki", systems = ["STORE"] }} ]
"""


@dataclass(frozen=True, slots=True)
class Sites:
    """The running stub and its gateways by id."""

    stub: Running
    gateways: dict[str, FakeNameserver]

    @property
    def client(self) -> Client:
        """A program on the laptop."""
        return self.stub.client(HERE)

    @property
    def config(self) -> Path:
        """The stub's configuration."""
        return self.stub.folder / "stub.toml"


def use_slice(config: Path) -> None:
    """Give a stub's configuration the laptop's slice in place of the whole organisation."""
    whole = config.with_name("organisation.toml")
    organisation = load_organisation(whole)
    system = own_system(organisation, "KD9Q2")
    made = slice_for(organisation, system, datetime.now(UTC))
    whole.with_suffix(".json").write_text(json.dumps(made))
    whole.unlink()
    config.write_text(config.read_text().replace(whole.name, "organisation.json"))


@asynccontextmanager
async def sites(
    folder: Path,
    *order: str,
    london: Respond = LONDON,
    paris: Respond = PARIS,
    on_slice: bool = False,
    **settings: object,
) -> AsyncIterator[Sites]:
    """The laptop KD9Q2 behind its three sites; `settings` are keys of stub.toml."""
    responds = {"LON01": london, "PAR01": paris, "BER01": BERLIN}
    async with AsyncExitStack() as stack:
        # However busy the machine, every site has the time to answer.
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("enclave_dns.stub.asking.BUDGET", 4.0)
        gateways: dict[str, FakeNameserver] = {}
        port = 0
        for name, at in ADDRESSES.items():
            fake = FakeNameserver(responds[name], address=at, port=port)
            gateways[name] = await stack.enter_async_context(fake)
            port = fake.port
        file = stub_file(folder, port, organisation=document(*order), **settings)
        if on_slice:
            use_slice(file)
        program = StubProgram(load_stub_config(file, {}))
        yield Sites(await stack.enter_async_context(running(program, folder)), gateways)
