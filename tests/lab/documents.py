"""The organisation of the lab's sites: two laptops, an office with two gateways, a branch.

The developer's laptop reaches the whole office and the branch; the contractor's one machine of the
office. The office's gateways are redundant: they offer the same subnet to the same senders.
"""

from tests.lab.programs import CONTRACTOR, DEVELOPER, GATEWAY, SECOND_GATEWAY

BRANCH_GATEWAY = "100.64.0.72"

OFFICE = "10.0.0.0/24"
OFFICE_HALF = "10.0.0.0/25"
BRANCH = "10.3.0.0/24"

GATEWAY_IDS = {GATEWAY: "WZL94", SECOND_GATEWAY: "P3R8T", BRANCH_GATEWAY: "V2BRX"}

_SYSTEMS = f"""
version = 1

[[systems]]
system_id = "WZL94"
description = "the office's first gateway"
hostname = "office-1"
virtual_address = "{GATEWAY}"
tags = ["gateways"]
gateway_routes = [ {{ subnet = "{OFFICE}" }} ]

[[systems]]
system_id = "P3R8T"
description = "the office's second gateway"
hostname = "office-2"
virtual_address = "{SECOND_GATEWAY}"
tags = ["gateways"]
gateway_routes = [ {{ subnet = "{OFFICE}" }} ]

[[systems]]
system_id = "V2BRX"
description = "the branch's gateway"
hostname = "branch"
virtual_address = "{BRANCH_GATEWAY}"
tags = ["gateways"]
gateway_routes = [ {{ subnet = "{BRANCH}" }} ]

[[systems]]
system_id = "KD9Q2"
description = "a developer's laptop"
hostname = "laptop-a"
virtual_address = "{DEVELOPER}"
tags = ["developers"]

[[systems]]
system_id = "C4X8M"
description = "a contractor's laptop"
hostname = "laptop-b"
virtual_address = "{CONTRACTOR}"
tags = ["contractors"]
"""

_BOTH = f"""gateways = [
    {{ system_id = "WZL94", routes = ["{OFFICE}"] }},
    {{ system_id = "P3R8T", routes = ["{OFFICE}"] }},
]
"""

_POLICIES = f"""
[[policies]]
description = "Developers reach the office"
type = "gateway"
sender_tags = ["developers"]
gateway_priority = "PRIORITY"
{_BOTH}acls = [ {{ protocol = "any" }} ]

[[policies]]
description = "Developers reach the branch"
type = "gateway"
sender_tags = ["developers"]
gateways = [ {{ system_id = "V2BRX", routes = ["{BRANCH}"] }} ]
acls = [ {{ protocol = "any" }} ]

[[policies]]
description = "Contractors reach the build machine"
type = "gateway"
sender_tags = ["contractors"]
gateway_priority = "PRIORITY"
{_BOTH}gateway_allowed_ip_ranges = [ {{ ip_range = "10.0.0.40" }} ]
acls = [ {{ protocol = "any" }} ]
"""


def sites_document(priority: str = "balanced") -> str:
    """The document, in which the gateways of the office are "balanced" or "ordered"."""
    return _SYSTEMS + _POLICIES.replace("PRIORITY", priority)


def office_only(priority: str = "balanced") -> str:
    """The same without the branch's gateway in any policy."""
    kept = [
        part
        for part in sites_document(priority).split("\n[[policies]]")
        if 'V2BRX", routes' not in part
    ]
    return "\n[[policies]]".join(kept)


def overlapping() -> str:
    """The second gateway of the office serves half of the subnet: a group of its own."""
    whole, half = (f'"P3R8T", routes = ["{subnet}"]' for subnet in (OFFICE, OFFICE_HALF))
    return office_only().replace(whole, half)
