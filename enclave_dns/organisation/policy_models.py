"""The shape of policies, for pydantic; the other half of `models`.

Where Enclave's API has another name for a key of ours (`daysOfWeek`, `expiryDateTime`), JSON
documents may use either.
"""

from datetime import datetime, time
from enum import Enum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)

from enclave_dns.organisation import document, words
from enclave_dns.organisation.document import GatewayPriority, PolicyType
from enclave_dns.organisation.models import (
    DomainName,
    Entry,
    IpRange,
    Subnet,
    SystemRef,
    TagRef,
    TrustRef,
)
from enclave_dns.validation import Many

Priority = Annotated[
    GatewayPriority,
    PlainValidator(words.choice(GatewayPriority, {"prioritised": GatewayPriority.ORDERED})),
]


class PolicyGatewayEntry(Entry):
    system_id: SystemRef
    routes: Many[Subnet] = ()


class IpRangeEntry(Entry):
    ip_range: IpRange
    description: str = ""


class AclProtocol(Enum):
    ANY = "any"
    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


class AclEntry(Entry):
    protocol: Annotated[AclProtocol, PlainValidator(words.choice(AclProtocol))]
    ports: Annotated[str, AfterValidator(words.read_ports)] = ""
    description: str = ""


class ActiveHoursEntry(Entry):
    time_zone: Annotated[ZoneInfo, PlainValidator(words.read_zone)] = Field(
        validation_alias=AliasChoices("timeZoneId", "timeZone")
    )
    days: Many[Annotated[int, PlainValidator(words.read_day)]] = Field(
        validation_alias=AliasChoices("daysOfWeek", "days")
    )
    start: Annotated[time, PlainValidator(words.read_clock)] = Field(
        validation_alias=AliasChoices("startTime", "start")
    )
    end: Annotated[time, PlainValidator(words.read_clock)] = Field(
        validation_alias=AliasChoices("endTime", "end")
    )

    def value(self) -> document.ActiveHours:
        return document.ActiveHours(self.time_zone, frozenset(self.days), self.start, self.end)


class AutoExpireEntry(Entry):
    unused = ("expiry_action", "action")
    time_zone: Annotated[ZoneInfo | None, PlainValidator(words.read_zone)] = Field(
        None, validation_alias=AliasChoices("timeZoneId", "timeZone")
    )
    at: datetime = Field(validation_alias=AliasChoices("expiryDateTime", "at"))

    @field_validator("at", mode="plain")
    @classmethod
    def _instant(cls, value: object, info: ValidationInfo) -> datetime:
        return words.read_instant(value, info.data.get("time_zone"))


class PolicyEntry(Entry):
    unused = ("id", "created", "state", "gateway_traffic_direction", "notes")
    type: Annotated[PolicyType, PlainValidator(words.choice(PolicyType))]
    description: str = ""
    is_enabled: bool = True
    sender_tags: Many[TagRef] = ()
    receiver_tags: Many[TagRef] = ()
    gateways: Many[PolicyGatewayEntry] = ()
    gateway_allowed_ip_ranges: Many[IpRangeEntry] = ()
    gateway_priority: Priority = GatewayPriority.BALANCED
    acls: Many[AclEntry] = ()
    sender_trust_requirements: Many[TrustRef] = ()
    disclosed_suffixes: Many[DomainName] = ()
    active_hours: ActiveHoursEntry | None = None
    auto_expire: AutoExpireEntry | None = None

    def value(self, index: int) -> document.Policy:
        return document.Policy(
            index,
            self.type,
            self.description,
            self.is_enabled,
            frozenset(self.sender_tags),
            frozenset(self.receiver_tags),
            tuple(document.PolicyGateway(g.system_id, g.routes) for g in self.gateways),
            tuple(
                document.SubnetFilter(entry.ip_range, entry.description)
                for entry in self.gateway_allowed_ip_ranges
            ),
            self.gateway_priority,
            tuple(document.Acl(a.protocol.value, a.ports, a.description) for a in self.acls),
            frozenset(self.sender_trust_requirements),
            self.disclosed_suffixes,
            self.active_hours.value() if self.active_hours else None,
            self.auto_expire.at if self.auto_expire else None,
        )
