"""The shape of configuration files, for pydantic: which keys there are, and what each may hold.

Private to `loading`, which turns these models into the values of `settings`; the field names are
the same, and defaults stand there only. Lists may be one text with commas, as in the environment.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Any, Final, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel

from enclave_dns.config.settings import Fallback, LogLevel, Miss
from enclave_dns.endpoint import DNS_PORT, Endpoint
from enclave_dns.organisation.words import read_name, read_system_id
from enclave_dns.validation import Many, did_you_mean, refusal
from enclave_dns.wire.names import Name

METRICS_PORT: Final = 9153

_ENDPOINT: Final = re.compile(r"\[([^]]*)\](?::([0-9]{1,5}))?|([^:]*):([0-9]{1,5})|(.*)")
_DURATION: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) *(ms|s)|0")
_INTERFACE: Final = re.compile(r"[^\s/]{0,15}")


def read_endpoint(value: object, port: int = DNS_PORT) -> Endpoint:
    """Read `ADDRESS`, `ADDRESS:PORT`, `[V6]` or `[V6]:PORT`; `port` is the default.

    IPv4-mapped addresses become IPv4. Raises ValueError with the reason.
    """
    text = _text(value).strip()
    match = _ENDPOINT.fullmatch(text)
    bracketed, port6, plain, port4, bare = match.groups() if match else (None,) * 5
    address = _address(bracketed or plain or bare or "")
    if address is None or (bracketed and address.version == 4):
        raise refusal(f"{text!r} is no address", "write ADDRESS, ADDRESS:PORT or [V6]:PORT")
    number = int(port6 or port4 or port)
    if number > 65535:
        raise refusal(f"{text!r} has a port above 65535")
    if isinstance(address, IPv6Address):
        scope = address.scope_id or ""
        return Endpoint(str(address.ipv4_mapped or IPv6Address(int(address))), number, scope)
    return Endpoint(str(address), number)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refusal("must be text in quotes")
    return value


def _of_one_machine(endpoint: Endpoint) -> Endpoint:
    address = ip_address(endpoint.address)
    if address.is_unspecified:
        reason = f"{address} is a wildcard, but senders are known only by the overlay's own address"
        raise refusal(reason, "write this system's virtual address")
    if address.is_multicast or endpoint.address == "255.255.255.255":
        raise refusal(f"{address} is not the address of one machine")
    return endpoint


def _listen(value: object) -> Endpoint:
    endpoint = _of_one_machine(read_endpoint(value))
    if endpoint.scope:
        raise refusal(f"{value!r} has a scope, which no address of an overlay has")
    return endpoint


def _nameserver(value: object) -> Endpoint:
    endpoint = read_endpoint(value)
    if ip_address(endpoint.address).is_unspecified or not endpoint.port:
        raise refusal(f"{value!r} is not where a nameserver can be")
    return _of_one_machine(endpoint)


def _metrics(value: object) -> Endpoint | None:
    return read_endpoint(value, METRICS_PORT) if value != "" else None


def _source_address(value: object) -> str:
    if value == "":
        return ""
    text = _text(value)
    if _address(text) is None:
        raise refusal(f"{text!r} is not an IP address")
    return _of_one_machine(read_endpoint(text)).address


def _items(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part for part in re.split(r"[,;\s]+", value) if part]


def _duration(low: float, high: float) -> Callable[[object], float]:
    """A reader of durations in seconds from `low` to `high`, written `"800ms"`, `"1.5s"` or 0."""

    def read(value: object) -> float:
        match = _DURATION.fullmatch(str(value).strip())
        if match is None:
            raise refusal(f"{value!r} is no duration", 'write it with its unit: "800ms" or "1s"')
        seconds = float(match[1] or 0) / (1000 if match[2] == "ms" else 1)
        if not low <= seconds <= high:
            raise refusal(f"must be from {low * 1000:g}ms to {high:g}s")
        return seconds

    return read


def _one_of(words: Any) -> Callable[[object], str]:
    """A reader of one of a Literal's words, in any case."""
    known = [str(word) for word in get_args(words)]

    def read(value: object) -> str:
        word = _text(value).lower()
        if word not in known:
            raise refusal(f"{value!r} is none of {', '.join(known)}", did_you_mean(word, known))
        return word

    return read


def _workers(value: object) -> int:
    if value == "auto":
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1024:
        raise refusal(f'{value!r} is neither "auto" nor a number from 1 to 1024')
    return value


def _path(value: str) -> str:
    if not value or "\0" in value:
        raise refusal("must be the path of a file")
    return value


def _interface(value: str) -> str:
    if not _INTERFACE.fullmatch(value):
        raise refusal(f"{value!r} is no name of an interface")
    return value


FilePath = Annotated[str, AfterValidator(_path)]
Port = Annotated[int, Field(ge=1, le=65535)]
Suffixes = Annotated[Many[Annotated[Name, PlainValidator(read_name)]], BeforeValidator(_items)]
Nameservers = Annotated[
    Many[Annotated[Endpoint, PlainValidator(_nameserver)]], BeforeValidator(_items)
]
Listen = Annotated[
    Many[Annotated[Endpoint, PlainValidator(_listen)]],
    BeforeValidator(_items),
    Field(min_length=1),
]


class ConfigEntry(BaseModel):
    """The keys that both programs have. Unset keys take their default from `settings`."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, arbitrary_types_allowed=True
    )
    system_id: Annotated[str, AfterValidator(read_system_id)]
    organisation: FilePath
    listen: Listen
    nameservers: Nameservers = ()
    admin: str = ""
    metrics: Annotated[Endpoint | None, PlainValidator(_metrics)] = None
    log_level: Annotated[LogLevel, PlainValidator(_one_of(LogLevel))] = "info"


class GatewayEntry(ConfigEntry):
    interface: Annotated[str, AfterValidator(_interface)] = ""
    hosts_file: FilePath = ""
    resolv_conf: FilePath = ""
    only_suffixes: Suffixes = ()
    no_answer_pace: Annotated[float, PlainValidator(_duration(0, 1))] = 0
    timeout: Annotated[float, PlainValidator(_duration(0.05, 10))] = 0
    state_dir: str = ""
    workers: Annotated[int, PlainValidator(_workers)] = 1


class StubEntry(ConfigEntry):
    listen: Listen = ()
    source_address: Annotated[str, PlainValidator(_source_address)] = ""
    gateway_port: Port = DNS_PORT
    fallback: Annotated[Fallback, PlainValidator(_one_of(Fallback))] = "os"
    miss: Annotated[Miss, PlainValidator(_one_of(Miss))] = "auto"
    manage_dns: bool = False
    state_dir: str = ""
