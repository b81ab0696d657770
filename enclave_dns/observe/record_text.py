"""Records as people read them: presentation format (RFC 1035, 5.1; RFC 3597, 5)."""

import dns.exception
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from enclave_dns.wire.names import to_text
from enclave_dns.wire.numbers import type_name
from enclave_dns.wire.record import Record


def rdata_text(record: Record) -> str:
    r"""The RDATA of one record; in the form `\# 4 0a00001e` where it does not fit its type."""
    rtype = dns.rdatatype.RdataType.make(record.rtype)
    try:
        rdata = dns.rdata.from_wire(
            dns.rdataclass.IN, rtype, record.rdata, 0, len(record.rdata), None
        )
    except dns.exception.DNSException:
        rdata = dns.rdata.GenericRdata(dns.rdataclass.IN, rtype, record.rdata)
    return rdata.to_text()


def record_text(record: Record) -> str:
    """A whole record on one line: owner, TTL in seconds, class, type, RDATA."""
    return f"{to_text(record.name)} {record.ttl} IN {type_name(record.rtype)} {rdata_text(record)}"
