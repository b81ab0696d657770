"""What a daemon demands of a document before it uses it: that it is in it, and not an older one."""

from enclave_dns.errors import DocumentError, Problem
from enclave_dns.organisation.document import Organisation, System


def own_system(organisation: Organisation, system_id: str) -> System:
    """The daemon's own system. Raises DocumentError where it is missing or disabled."""
    system = organisation.system(system_id)
    if system is None:
        reason = f"there is no system {system_id}, which the configuration says we are"
    elif not system.is_enabled:
        reason = f"system {system_id}, which the configuration says we are, is disabled"
    else:
        return system
    suggestion = "correct `system_id` in the configuration, or the document"
    raise DocumentError((Problem(organisation.file, "systems", reason, suggestion),))


def refuse_older(new: Organisation, running: int) -> None:
    """Raises DocumentError where a document is older than the version in use: they only rise."""
    if new.version < running:
        reason = f"version {new.version} is lower than the running version {running}"
        suggestion = f"give it a version above {running}"
        raise DocumentError((Problem(new.file, "version", reason, suggestion),))
