"""The lab: a laptop, a gateway's machine and an office, joined by cables, with real programs.

    laptop  overlay0 -- overlay0  gateway_host  office0 -- office0  office

The laptop holds the addresses of all senders (`dig -b` picks one), the office those of its
nameservers. A test asks `laptop.dig("@100.64.0.70", "dbserver1.corp.net", "A")`. Whatever uses
these fixtures is marked `lab`; the logs of all programs follow the report of a failed test. Larger
than these three are the `sites`, which have machines of their own: see `tests.lab.sites`.
"""

import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Protocol

import pytest

from tests.lab.answer import Answer
from tests.lab.daemons import LOOKS_EVERY, Daemon, Daemons
from tests.lab.load import favoured
from tests.lab.namespaces import Namespace, Network
from tests.lab.office import DNSMASQ, UNBOUND, start_dnsmasq, start_unbound
from tests.lab.programs import (
    BYSTANDER,
    CONTRACTOR,
    DEVELOPER,
    GATEWAY,
    SECOND_GATEWAY,
    STRANGER,
    Program,
    start_gateway,
    start_stub,
)
from tests.lab.sites import Sites, build_sites

SPARE = "10.0.0.3"
"""An address of the office where a test may start a nameserver of its own."""

HOSTS = """\
10.0.0.60  wiki.corp.net wiki
"""
"""The hosts file of the shared gateway."""

LOG_LINES = 40
CHANGES_WITHIN = 10.0


class Until(Protocol):
    """Asks until the answer is as told, and returns it: see `ask_until`."""

    def __call__(self, is_so: Callable[[Answer], bool], *words: str) -> Answer: ...


class Start(Protocol):
    """Starts a program with its own defaults; see `start_gateway` and `start_stub`."""

    def __call__(self, organisation: str = ..., **settings: object) -> Program: ...


class StartServer(Protocol):
    """Starts a nameserver; see `start_unbound` and `start_dnsmasq`."""

    def __call__(self, **settings: object) -> Daemon: ...


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the lab's machines."""
    for item in items:
        if "network" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the programs logged when a test has failed."""
    report = yield
    if report.failed:
        arguments = getattr(item, "funcargs", {})
        for scope in ("servers", "site_servers", "shared_daemons", "daemons"):
            for daemon in arguments.get(scope, ()):
                log = "\n".join(daemon.log.splitlines()[-LOG_LINES:])
                report.sections.append((f"log of {daemon.name} ({daemon.pid})", log))
    return report


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """The three machines. Torn down at the end of the run, also after failures."""
    with Network() as network:
        laptop, host, office = map(network.namespace, ("laptop", "gateway", "office"))
        senders = [f"{sender}/24" for sender in (DEVELOPER, CONTRACTOR, BYSTANDER, STRANGER)]
        gateways = [f"{gateway}/24" for gateway in (GATEWAY, SECOND_GATEWAY)]
        network.link("overlay0", laptop, senders, host, gateways)
        servers = [f"{server}/24" for server in (UNBOUND, DNSMASQ, SPARE)]
        network.link("office0", host, ["10.0.0.254/24"], office, servers)
        yield network


@pytest.fixture(scope="session")
def laptop(network: Network) -> Namespace:
    """Where the senders are: 100.64.0.12 (unless told otherwise), .13, .14 and .99."""
    return network["laptop"]


@pytest.fixture(scope="session")
def gateway_host(network: Network) -> Namespace:
    """Where the gateways run: 100.64.0.70 and .71 to the laptop, 10.0.0.254 to the office."""
    return network["gateway"]


@pytest.fixture(scope="session")
def office(network: Network) -> Namespace:
    """Where the nameservers are: 10.0.0.1 (unbound), 10.0.0.2 (dnsmasq), 10.0.0.3 (free)."""
    return network["office"]


@pytest.fixture(scope="session")
def servers(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    """The programs that run for the whole session. They end before the machines do."""
    with Daemons(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@pytest.fixture(scope="session")
def site_servers(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    """WireGuard and the nameservers of the sites, for the whole session."""
    with Daemons(tmp_path_factory.mktemp("sites")) as servers:
        yield servers


@pytest.fixture(scope="session")
def sites(network: Network, site_servers: Daemons) -> Sites:
    """Laptops, an office with two gateways and a branch, joined by WireGuard: do not stop it."""
    with favoured():
        return build_sites(network, site_servers)


@pytest.fixture(scope="module")
def shared_daemons(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    """The programs that run for all tests of one file."""
    with Daemons(tmp_path_factory.mktemp("shared")) as shared:
        yield shared


@pytest.fixture
def daemons(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    """The programs that run for one test."""
    with Daemons(tmp_path_factory.mktemp("daemons")) as daemons:
        yield daemons


@pytest.fixture
def before_others(network: Network) -> Iterator[None]:
    """What this test starts comes before all else that the machine does: for tests with load."""
    with favoured():
        yield


@pytest.fixture(scope="session")
def unbound(servers: Daemons, office: Namespace) -> Daemon:
    """Unbound with the office's names at 10.0.0.1, for the whole session: do not stop it."""
    return start_unbound(servers, office)


@pytest.fixture(scope="session")
def dnsmasq(servers: Daemons, office: Namespace) -> Daemon:
    """Dnsmasq with the office's names at 10.0.0.2, for the whole session: do not stop it."""
    return start_dnsmasq(servers, office)


@pytest.fixture
def start_another_unbound(daemons: Daemons, office: Namespace) -> StartServer:
    """Unbound for one test: `start_another_unbound(zones={"a.net.": ...}, options="...")`."""
    return partial(start_unbound, daemons, office, address=SPARE)


@pytest.fixture
def start_another_dnsmasq(daemons: Daemons, office: Namespace) -> StartServer:
    """Dnsmasq for one test: `start_another_dnsmasq(conf="...", hosts="...")`."""
    return partial(start_dnsmasq, daemons, office, address=SPARE)


@pytest.fixture
def gateway(daemons: Daemons, gateway_host: Namespace, unbound: Daemon) -> Start:
    """`gateway(hosts="10.0.0.30 db", nameservers=["10.0.0.2"], timeout="400ms")` starts one.

    Unless told otherwise it is WZL94 at 100.64.0.70, with unbound as its nameserver and the
    organisation of `tests.lab.programs`.
    """
    return partial(start_gateway, daemons, gateway_host)


@pytest.fixture(scope="module")
def shared_gateway(shared_daemons: Daemons, gateway_host: Namespace, unbound: Daemon) -> Program:
    """One gateway with unbound behind it for all tests of a file, which ask and change nothing.

    A file uses either this one or `gateway`: both listen at 100.64.0.70.
    """
    return start_gateway(shared_daemons, gateway_host, hosts=HOSTS)


@pytest.fixture
def ask(laptop: Namespace) -> Callable[..., Answer]:
    """Ask the gateway with dig, as the developer unless told otherwise: `ask("x.net", "A")`."""

    def dig(*words: str) -> Answer:
        return laptop.dig(f"@{GATEWAY}", *words)

    return dig


@pytest.fixture
def ask_until(ask: Callable[..., Answer]) -> Until:
    """Ask the gateway again and again until something has changed, 10 s at most."""

    def dig(is_so: Callable[[Answer], bool], *words: str) -> Answer:
        deadline = time.monotonic() + CHANGES_WITHIN
        while not is_so(answer := ask(*words)):
            assert time.monotonic() < deadline, f"no change: {answer.text}"
            time.sleep(LOOKS_EVERY)
        return answer

    return dig


@pytest.fixture
def stub(daemons: Daemons, laptop: Namespace) -> Start:
    """`stub(miss="nxdomain")` starts one: the developer's, at 127.0.0.1:53 of the laptop."""
    return partial(start_stub, daemons, laptop)
