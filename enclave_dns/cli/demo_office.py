"""The office of the demonstration: a small nameserver for `corp.net`, in a thread of its own."""

import socket
import threading
from typing import Self

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import DNSServer

from enclave_dns.cli.demo_story import ZONE


class _Zone:
    """Answers from the story's zone text; every other name does not exist."""

    def __init__(self) -> None:
        self._records: dict[str, list[RR]] = {}
        for record in RR.fromZone(ZONE):
            self._records.setdefault(str(record.rname).lower(), []).append(record)

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        """One reply, CNAMEs followed."""
        del handler
        reply = request.reply()
        name = str(request.q.qname).lower()
        if name not in self._records:
            # Like most office servers, it knows the end of the world: no SOA, no further question.
            reply.header.rcode = RCODE.NOERROR if request.q.qtype == QTYPE.NS else RCODE.NXDOMAIN
            return reply
        while name:
            records = self._records.get(name, [])
            name = ""
            for record in records:
                if record.rtype == request.q.qtype:
                    reply.add_answer(record)
                elif record.rtype == QTYPE.CNAME:
                    reply.add_answer(record)
                    name = str(record.rdata.label).lower()
        return reply


class _Silent:
    """A logger that says nothing: the demonstration tells its own story."""

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


class Office:
    """The running nameserver; `port` is where it listens, over UDP."""

    def __init__(self, address: str) -> None:
        # A TCP port is no use to us, but a free one for UDP has to be found somehow.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
            self.port: int = probe.getsockname()[1]
        self._server = DNSServer(_Zone(), port=self.port, address=address, logger=_Silent())
        self._thread = threading.Thread(target=self._server.server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.server.shutdown()
        self._server.server.server_close()
        self._thread.join()
