"""Any packet of a client: admission, the gateway's answer from a small world, the reply.

The first byte of an input picks sender and transport, the rest is the packet.
"""

from enclave_dns.resolution import Question, Resolution
from tests.fakes.dns_worlds import World, hosts, zone
from tests.fakes.gateway_scene import OPEN, USER
from tests.fuzz.gateway import Asked, FuzzedGateway, judge_reply

MAX_LEN = 1400

WORLD = World(
    zone(r"""
        corp.net 300 NS ns1.corp.net
        corp.net 300 MX 10 mail.corp.net.
        corp.net 300 TXT "v=spf1 ip4:10.0.0.30 -all"
        ns1.corp.net 300 A 10.0.0.53
        mail.corp.net 300 A 192.168.0.30
        www.corp.net 300 CNAME web.corp.net
        web.corp.net 60 A 10.0.0.30
        web.corp.net 60 A 10.0.0.31
        web.corp.net 60 A 192.168.0.31
        web.corp.net 60 AAAA fd00::30
        web.corp.net 60 HTTPS 1 . alpn=h2 ipv4hint=10.0.0.30,192.168.0.31 ipv6hint=fd00::30
        _ldap._tcp.corp.net 60 SRV 0 100 389 web.corp.net.
        _ldap._tcp.corp.net 60 SRV 0 100 389 mail.corp.net.
        loop.corp.net 60 CNAME loop.corp.net
        30.0.0.10.in-addr.arpa 60 PTR web.corp.net
        31.0.168.192.in-addr.arpa 60 PTR web.corp.net
    """)
)
HOSTS = hosts("10.0.0.9 printer.corp.net\n0.0.0.0 ads.corp.net\n192.168.0.9 safe.corp.net")


class _Nameservers:
    """Nameservers that know the world (a `Source`)."""

    is_up = True

    def next_start(self) -> int:
        return 0

    def start_of(self, name: str) -> int:
        return 0

    def begin(self, question: Question, *, do: bool, start: int, then: object) -> None:
        """Nothing begins here: every look-up is a task."""

    async def look_up(
        self, question: Question, *, do: bool, start: int, begun: object = None
    ) -> Resolution:
        return WORLD.answer(question)


GATEWAY = FuzzedGateway(_Nameservers(), HOSTS)


def made(data: bytes) -> tuple[Asked | None, Asked | None]:
    """Ask once with an empty record cache, once with a full one."""
    pick, packet = (data[:1] or b"\0")[0], data[1:]
    source, is_tcp = (OPEN if pick & 1 else USER), bool(pick & 2)
    GATEWAY.forget()
    first, second = (GATEWAY.ask(packet, source, is_tcp=is_tcp) for _ in range(2))
    return first, second


def judge(data: bytes, found: tuple[Asked | None, Asked | None]) -> None:
    """Both replies are one, and that is fit to leave."""
    first, second = found
    assert first == second, "another reply from the cache"
    if first is not None:
        judge_reply(first)
