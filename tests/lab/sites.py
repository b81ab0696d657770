"""Two laptops, an office with two gateways and a branch with one, joined by a real overlay.

    laptop_a --.                       .-- office_1 --.
               |-- internet (switch) --|-- office_2 --'-- office: 10.0.0.0/24
    laptop_b --'                       '-- branch_1 ------ branch: 10.3.0.0/24

Every machine but the offices' has a WireGuard interface `overlay0`. The office and the branch have
two nameservers each, unbound and dnsmasq, and machines whose addresses their names lead to. Subnets
are routed to one gateway each: the developer's way to the office is the first, the contractor's the
second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.lab.daemons import Daemons
from tests.lab.documents import BRANCH, BRANCH_GATEWAY, GATEWAY_IDS, OFFICE, sites_document
from tests.lab.faults import Target
from tests.lab.namespaces import Namespace, Network
from tests.lab.office import DNSMASQ, ROOT, UNBOUND, start_dnsmasq, start_unbound
from tests.lab.programs import (
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    SECOND_GATEWAY,
    start_gateway,
    start_stub,
)
from tests.lab.wireguard import start_wireguard

SPARE = "10.0.0.3"
"""An address of the office where a test may start a nameserver of its own."""

DATABASE, BUILD = "10.0.0.30", "10.0.0.40"
"""Machines of the office: `dbserver1.corp.net`, and `*.dev.corp.net` to the last."""

LAN_SIDE = {
    GATEWAY: "10.0.0.251",
    SECOND_GATEWAY: "10.0.0.252",
    BRANCH_GATEWAY: "10.3.0.251",
}
"""Where each gateway is in its LAN."""

BRANCH_UNBOUND, BRANCH_DNSMASQ, PRINTER = "10.3.0.1", "10.3.0.2", "10.3.0.30"

WAYS = {
    DEVELOPER: {OFFICE: GATEWAY, BRANCH: BRANCH_GATEWAY},
    CONTRACTOR: {OFFICE: SECOND_GATEWAY},
}
"""The gateway that each laptop's packets to a subnet go through: WireGuard knows one at a time."""

BRANCH_ZONE = f"""$ORIGIN branch.net.
$TTL 300
@ SOA ns.branch.net. hostmaster.branch.net. 1 3600 600 86400 60
@ NS ns.branch.net.
ns       A  {BRANCH_UNBOUND}
printer  A  {PRINTER}
*.dev    A  {PRINTER}
"""

BRANCH_DNSMASQ_CONF = f"local=/branch.net/\naddress=/dev.branch.net/{PRINTER}\n"

DESKS = {GATEWAY: "10.0.0.71", SECOND_GATEWAY: "10.0.0.72"}
"""What the hosts file of each gateway of the office says to the names `desk-0` to `desk-99`."""

_DESK_NAMES = " ".join(f"desk-{number}.corp.net" for number in range(100))


@dataclass(frozen=True, slots=True)
class Sites:
    """The machines. `gateways` are those of the overlay by address, the branch's the last."""

    laptop_a: Namespace
    laptop_b: Namespace
    gateways: Mapping[str, Namespace]
    office: Namespace
    branch: Namespace

    def start_gateway(
        self,
        daemons: Daemons,
        address: str = GATEWAY,
        document: str = "",
        nameservers: Sequence[str] = (),
    ) -> Target:
        """A gateway at its address, with both nameservers of its site unless told otherwise."""
        own = (BRANCH_UNBOUND, BRANCH_DNSMASQ) if address == BRANCH_GATEWAY else (UNBOUND, DNSMASQ)
        desk = DESKS.get(address)
        program = start_gateway(
            daemons,
            self.gateways[address],
            document or sites_document(),
            system_id=GATEWAY_IDS[address],
            listen=f"{address}:53",
            hosts=f"{desk} {_DESK_NAMES}\n" if desk else "",
            nameservers=nameservers or own,
        )
        return Target(self.gateways[address], address, program.daemon)

    def start_stub(self, daemons: Daemons, document: str = "") -> Target:
        """The stub of the developer's laptop, at 127.0.0.1:53 there."""
        program = start_stub(daemons, self.laptop_a, document or sites_document())
        return Target(self.laptop_a, "127.0.0.1", program.daemon)

    def start_contractors_stub(self, daemons: Daemons, document: str = "") -> Target:
        """The stub of the contractor's laptop, at 127.0.0.1:53 there."""
        program = start_stub(
            daemons, self.laptop_b, document or sites_document(), system_id="C4X8M"
        )
        return Target(self.laptop_b, "127.0.0.1", program.daemon)


def build_sites(network: Network, servers: Daemons) -> Sites:
    """Make the machines, start WireGuard on them, and the nameservers of both sites."""
    internet, office, branch = map(network.namespace, ("internet", "office-lan", "branch-lan"))
    laptop_a, laptop_b = map(network.namespace, ("laptop-a", "laptop-b"))
    office_1, office_2, branch_1 = map(network.namespace, ("office-1", "office-2", "branch-1"))
    first, second = {GATEWAY: office_1}, {SECOND_GATEWAY: office_2}
    third = {BRANCH_GATEWAY: branch_1}
    _lan(network, office, (UNBOUND, DNSMASQ, SPARE, DATABASE, BUILD), first | second)
    _lan(network, branch, (BRANCH_UNBOUND, BRANCH_DNSMASQ, PRINTER), third)
    gateways = first | second | third
    _connect(network, servers, internet, (laptop_a, laptop_b), gateways)
    start_unbound(servers, office)
    start_dnsmasq(servers, office)
    start_unbound(servers, branch, BRANCH_UNBOUND, {"branch.net.": BRANCH_ZONE, ".": ROOT}, "")
    names = f"{PRINTER} printer.branch.net\n"
    start_dnsmasq(servers, branch, BRANCH_DNSMASQ, BRANCH_DNSMASQ_CONF, names)
    return Sites(laptop_a, laptop_b, gateways, office, branch)


def _lan(
    network: Network,
    place: Namespace,
    addresses: Sequence[str],
    gateways: Mapping[str, Namespace],
) -> None:
    """One machine that is a whole LAN, and the gateways that route between it and the overlay."""
    network.switch("lan0", place, [f"{address}/24" for address in addresses])
    for address, gateway in gateways.items():
        network.plug("lan0", gateway, [f"{LAN_SIDE[address]}/24"], place, "lan0")
        gateway.succeed("sysctl", "-qw", "net.ipv4.ip_forward=1")
    for sender, ways in WAYS.items():
        for way in gateways.keys() & ways.values():
            place.succeed("ip", "route", "add", f"{sender}/32", "via", LAN_SIDE[way])


def _connect(
    network: Network,
    servers: Daemons,
    internet: Namespace,
    laptops: tuple[Namespace, Namespace],
    gateways: Mapping[str, Namespace],
) -> None:
    """Plug laptops and gateways into the internet, and let WireGuard join each with each."""
    senders = dict(zip((DEVELOPER, CONTRACTOR), laptops, strict=True))
    tunnels = {}
    network.switch("internet0", internet, [])
    for number, (address, machine) in enumerate({**senders, **gateways}.items(), start=1):
        endpoint = f"192.0.2.{number}"
        network.plug("internet0", machine, [f"{endpoint}/24"], internet, "internet0")
        tunnels[address] = start_wireguard(servers, machine, endpoint, address)
    for sender in senders:
        for gateway in gateways:
            subnets = [subnet for subnet, way in WAYS[sender].items() if way == gateway]
            tunnels[sender].trust(tunnels[gateway], *subnets)
            tunnels[gateway].trust(tunnels[sender])
