"""The shape of the document, for pydantic: which keys there are, and what each may hold.

Private to `reading`, with `policy_models` as its other half: every model turns itself into its
value of `document`, and no model leaves this room. `unused` lists the keys of Enclave's API that
mean nothing to us; they are accepted in either case and dropped, as is `null` for any key.
"""

from enum import Enum
from typing import Annotated, Any, ClassVar, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from enclave_dns.disclosure.ranges import Range
from enclave_dns.errors import MessageError
from enclave_dns.organisation import document, words
from enclave_dns.organisation.addresses import read_range, read_subnet, read_virtual_address
from enclave_dns.organisation.document import TrustType
from enclave_dns.validation import Many, refusal
from enclave_dns.wire.names import Name
from enclave_dns.wire.numbers import RCode

MAX_VERSION: Final = (1 << 63) - 1


def _one_or_many(value: object) -> object:
    return (read_virtual_address(value),) if isinstance(value, str) else value


def _virtual_address(value: object) -> bytes:
    return value if isinstance(value, bytes) else read_virtual_address(value)


def _no_answer(value: object) -> RCode:
    rcodes = {"refused": RCode.REFUSED, "nxdomain": RCode.NXDOMAIN}
    found = rcodes.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise refusal(f"{value!r} is none of refused, nxdomain")
    return found


SystemId = Annotated[str, AfterValidator(words.read_system_id)]
SystemRef = Annotated[str, BeforeValidator(words.reference("systemId", "system_id", "id"))]
TagRef = Annotated[str, BeforeValidator(words.read_tag_reference)]
TrustRef = Annotated[str, BeforeValidator(words.reference("id"))]
DomainName = Annotated[Name, PlainValidator(words.read_name)]
Subnet = Annotated[Range, PlainValidator(read_subnet)]
IpRange = Annotated[Range, PlainValidator(read_range)]
VirtualAddress = Annotated[bytes, PlainValidator(_virtual_address)]


class Entry(BaseModel):
    """A table of the document: unknown keys are refused, nothing is converted silently."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, arbitrary_types_allowed=True
    )
    unused: ClassVar[tuple[str, ...]] = ()
    _dropped: ClassVar[frozenset[str]]
    _known: ClassVar[frozenset[str]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._dropped = frozenset(cls.unused) | {to_camel(key) for key in cls.unused}
        cls._known = frozenset(cls.model_fields) | {to_camel(key) for key in cls.model_fields}

    @model_validator(mode="before")
    @classmethod
    def _without_unused(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        dropped, known = cls._dropped, cls._known
        if dropped.isdisjoint(data) and None not in data.values():
            return data
        return {
            key: value
            for key, value in data.items()
            if key not in dropped and not (value is None and key in known)
        }


class RouteEntry(Entry):
    unused = ("user_entered", "weight", "name")
    subnet: Subnet


class SystemEntry(Entry):
    unused = (
        "system_type", "state", "connected_at", "last_seen", "enrolled_at", "enrolment_key_id",
        "enrolment_key_description", "enrolment_key_is_deleted", "connected_from",
        "virtual_network", "platform_type", "os_version", "enclave_version", "dns",
        "known_subnets", "notes", "disconnected_retention_minutes", "auto_expire",
    )  # fmt: skip
    system_id: SystemId
    virtual_address: Annotated[
        Many[VirtualAddress], BeforeValidator(_one_or_many), Field(min_length=1)
    ]
    description: str = ""
    hostname: str = ""
    tags: Many[TagRef] = ()
    is_enabled: bool = True
    gateway_routes: Many[RouteEntry] = ()
    satisfied_trust_requirements: Many[TrustRef] = ()
    dns_suffixes: Many[DomainName] = ()
    search_suffixes: Many[DomainName] = ()
    public_names: bool = False
    not_public: Many[IpRange] = ()
    no_answer: Annotated[RCode, PlainValidator(_no_answer)] = RCode.REFUSED

    def value(self) -> document.System:
        return document.System(
            self.system_id,
            self.virtual_address,
            self.description,
            self.hostname,
            frozenset(self.tags),
            self.is_enabled,
            tuple(document.GatewayRoute(route.subnet) for route in self.gateway_routes),
            frozenset(self.satisfied_trust_requirements),
            self.dns_suffixes,
            self.search_suffixes,
            self.public_names,
            self.not_public,
            self.no_answer,
        )


class TagEntry(Entry):
    unused = (
        "ref", "colour", "created", "last_modified", "last_referenced", "systems", "keys",
        "policies", "dns_zones", "dns_records", "notes",
    )  # fmt: skip
    tag: Annotated[str, AfterValidator(words.read_tag)]
    trust_requirements: Many[TrustRef] = ()
    query_log: bool = False

    def value(self) -> document.Tag:
        return document.Tag(self.tag, frozenset(self.trust_requirements), self.query_log)


class TrustEntry(Entry):
    unused = (
        "created", "modified", "used_in_tags", "used_in_policies", "summary", "notes", "settings",
    )  # fmt: skip
    id: TrustRef
    type: Annotated[TrustType, PlainValidator(words.choice(TrustType))]
    description: str = ""

    def value(self) -> document.TrustRequirement:
        return document.TrustRequirement(self.id, self.type, self.description)


class RecordType(Enum):
    ENCLAVE = "enclave"


class RecordEntry(Entry):
    unused = ("id", "zone_id", "zone_name", "fqdn", "notes")
    name: str
    type: Annotated[RecordType, PlainValidator(words.choice(RecordType))] = RecordType.ENCLAVE
    tags: Many[TagRef] = ()
    systems: Many[SystemRef] = ()
    auto_generated: bool = False

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        try:
            words.read_record_name(value, b"\0")
        except MessageError as error:
            raise refusal(str(error), "`@` is the zone itself") from None
        return value


class ZoneEntry(Entry):
    unused = ("id", "created", "record_count", "record_type_counts", "notes")
    name: DomainName
    auto_dns_tags: Many[TagRef] = ()
    records: Many[RecordEntry] = ()
    closed: bool = False

    @field_validator("records")
    @classmethod
    def _fit(
        cls, records: tuple[RecordEntry, ...], info: ValidationInfo
    ) -> tuple[RecordEntry, ...]:
        zone = info.data.get("name", b"\0")
        for at, record in enumerate(records):
            try:
                words.read_record_name(record.name, zone)
            except MessageError as error:
                raise refusal(f"entry {at}: {error}") from None
        return records

    def value(self) -> document.DnsZone:
        records = tuple(
            document.DnsRecord(
                words.read_record_name(record.name, self.name),
                frozenset(record.tags),
                record.systems,
                record.auto_generated,
            )
            for record in self.records
        )
        return document.DnsZone(self.name, frozenset(self.auto_dns_tags), records, self.closed)


class OrganisationEntry(Entry):
    """The top of the document. Its lists are read entry by entry: no error hides another."""

    unused = ("id", "name", "created")
    version: Annotated[int, Field(ge=0, le=MAX_VERSION)]
    virtual_networks: Many[Subnet] = document.DEFAULT_VIRTUAL_NETWORKS
    systems: Many[Any] = ()
    policies: Many[Any] = ()
    tags: Many[Any] = ()
    trust_requirements: Many[Any] = ()
    dns_zones: Many[Any] = ()
