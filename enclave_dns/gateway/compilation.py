"""From the bytes of an organisation document to what a gateway serves with: the costly step.

It knows nothing of who wants the result, nor in which process. Pure: the instant is part of the
order.
"""

from dataclasses import dataclass
from datetime import datetime

from enclave_dns.gateway.views import Views, compile_views
from enclave_dns.organisation.reading import parse_organisation
from enclave_dns.organisation.versions import own_system, refuse_older


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of a document: the views of one gateway at one instant.

    `file` names the document in messages, and `.json` means JSON. `running` is the version in use:
    no older one is taken; None while there is none. `now` is aware.
    """

    file: str
    system_id: str
    running: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Compilation:
    """A document's version, the virtual addresses (4 or 16 bytes) of the gateway, and its views."""

    version: int
    addresses: tuple[bytes, ...]
    views: Views


def compile_document(order: Order, content: bytes, epoch: int) -> Compilation:
    """What a document gives. `epoch` makes the senders' keys differ from all earlier ones.

    Raises DocumentError where the document is wrong, older than the one in use, or does not have
    the gateway as an enabled system.
    """
    organisation = parse_organisation(content, order.file)
    if order.running is not None:
        refuse_older(organisation, order.running)
    gateway = own_system(organisation, order.system_id)
    views = compile_views(organisation, gateway, order.now, epoch)
    return Compilation(organisation.version, gateway.virtual_addresses, views)
