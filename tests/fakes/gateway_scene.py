"""The gateway's answers behind a server, over a resolver whose nameservers are a world."""

from enclave_dns.disclosure.view import View
from enclave_dns.gateway.answer import GatewayAnswers, State
from enclave_dns.gateway.views import Sender, Views
from enclave_dns.resolution import NO_HOSTS, HostsTable
from enclave_dns.resolve.resolver import Resolver
from enclave_dns.sources.own_zones import OwnZones, sign_of_life
from enclave_dns.wire.names import display, from_text
from enclave_dns.wire.numbers import type_name
from tests.fakes.dns_worlds import World, packed, view_of
from tests.fakes.front import FakeSource, Front

USER, OPEN = "100.64.0.12", "100.64.0.13"


class Scene:
    """A gateway with a restricted sender at USER and an open one at OPEN."""

    def __init__(
        self,
        world: World,
        *,
        table: HostsTable = NO_HOSTS,
        view: View | None = None,
        only_suffixes: tuple[str, ...] = (),
        timeout: float = 20.0,
        pace: float = 0.0,
    ) -> None:
        view = view or view_of("10.0.0.0/24", "fd00::/64")
        senders = {
            USER: Sender(b"user", "USER", view=view),
            OPEN: Sender(b"open", "OPEN", view=view_of("0.0.0.0/0", "::/0")),
        }
        self.source = FakeSource(world)
        state = State(
            Views(senders),
            table,
            Resolver(self.source),
            OwnZones.of(7, (sign_of_life((packed("100.64.0.70"), packed("fd00:64::70"))),)),
            tuple(map(from_text, only_suffixes)),
            timeout,
            pace,
        )
        self.answers = GatewayAnswers(state)
        self.front = Front(self.answers)

    async def hears(self, text: str, source: str = USER) -> str:
        name, rtype = text.split()
        return await self.front.hears(name, rtype, source)

    @property
    def asked(self) -> list[str]:
        """What went to the nameservers, each question once."""
        found = (f"{display(q.name)} {type_name(q.rtype)}" for q in self.source.asked)
        return list(dict.fromkeys(found))
