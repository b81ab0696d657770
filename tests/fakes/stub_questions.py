"""What a laptop hears from its stub: a table of questions and whole replies.

`QUESTION | RCODE FLAGS | ANSWERS | OWNER OF THE SOA`: flags beside QR, RD and RA, which every reply
has; answers as presentation RDATA in any order, separated by commas; `-` for none.
"""

from dataclasses import dataclass

_NET = "64.100.127.in-addr.arpa."
_DB = "db.corp.net."

OWN_ZONES = f"""
_my.id.enclave A                     | NOERROR AA  | 127.100.64.12 | -
_my.id.enclave AAAA                  | NOERROR AA  | fd00:64::12 | -
_MY.ID.Enclave A                     | NOERROR AA  | 127.100.64.12 | -
_my.id.enclave TXT                   | NOERROR AA  | - | enclave.
kd9q2.id.enclave A                   | NOERROR AA  | 127.100.64.12 | -
store.id.enclave A                   | NOERROR AA  | 127.100.64.20 | -
store.id.enclave AAAA                | NOERROR AA  | - | enclave.
store.id.enclave HINFO               | NOERROR AA  | - | enclave.
store.id.enclave ANY                 | NOERROR AA  | - | enclave.
store.id.enclave SOA                 | NOERROR AA  | - | enclave.
lon01.id.enclave A                   | NOERROR AA  | 127.100.64.70 | -
hid01.id.enclave A                   | NXDOMAIN AA | - | enclave.
nobody.id.enclave A                  | NXDOMAIN AA | - | enclave.
x.store.id.enclave A                 | NXDOMAIN AA | - | enclave.
id.enclave A                         | NOERROR AA  | - | enclave.
enclave A                            | NOERROR AA  | - | enclave.
enclave SOA                          | NOERROR AA  | enclave. nobody.invalid. 1 3600 600 86400 0 | -
enclave NS                           | NOERROR AA  | - | enclave.
anything.enclave A                   | NXDOMAIN AA | - | enclave.
laptop-7.enclave A                   | NOERROR AA  | 127.100.64.12 | -
laptop-7.enclave AAAA                | NOERROR AA  | fd00:64::12 | -
store.enclave A                      | NOERROR AA  | 127.100.64.20 | -
secret.enclave A                     | NXDOMAIN AA | - | enclave.
hidden.enclave A                     | NXDOMAIN AA | - | enclave.
db.enclave A                         | NOERROR AA  | 127.100.64.20 | -
db.enclave MX                        | NOERROR AA  | - | enclave.
x.dev.enclave A                      | NOERROR AA  | 127.100.64.20 | -
a.b.dev.enclave A                    | NOERROR AA  | 127.100.64.20 | -
dev.enclave A                        | NOERROR AA  | - | enclave.
a.deep.enclave A                     | NOERROR AA  | 127.100.64.20 | -
deep.enclave A                       | NOERROR AA  | - | enclave.
b.deep.enclave A                     | NXDOMAIN AA | - | enclave.
open.example A                       | NOERROR AA  | 127.100.64.20 | -
wiki.open.example A                  | NOERROR AA  | 127.100.64.20 | -
wiki.open.example AAAA               | NOERROR AA  | - | open.example.
other.open.example A                 | REFUSED     | - | -
wiki.closed.example A                | NOERROR AA  | 127.100.64.20 | -
closed.example A                     | NOERROR AA  | - | closed.example.
other.closed.example A               | NXDOMAIN AA | - | closed.example.
12.{_NET[:-1]} PTR   | NOERROR AA  | laptop-7.enclave. | -
20.{_NET[:-1]} PTR   | NOERROR AA  | store.enclave. | -
70.{_NET[:-1]} PTR   | NOERROR AA  | lon01.id.enclave. | -
99.{_NET[:-1]} PTR   | NXDOMAIN AA | - | {_NET}
12.{_NET[:-1]} A     | NOERROR AA  | - | {_NET}
{_NET[:-1]} PTR      | NOERROR AA  | - | {_NET}
"""

SPECIAL_NAMES = """
localhost A                          | NOERROR AA  | 127.0.0.1 | -
localhost AAAA                       | NOERROR AA  | ::1 | -
localhost TXT                        | NOERROR AA  | - | localhost.
www.localhost A                      | NOERROR AA  | 127.0.0.1 | -
x.invalid A                          | NXDOMAIN AA | - | invalid.
x.onion A                            | NXDOMAIN AA | - | onion.
x.alt A                              | NXDOMAIN AA | - | alt.
printer.local A                      | REFUSED     | - | -
_dns.resolver.arpa SVCB              | NOERROR AA  | - | resolver.arpa.
ipv4only.arpa A                      | NOERROR AA  | 192.0.0.170, 192.0.0.171 | -
ipv4only.arpa AAAA                   | NOERROR AA  | - | ipv4only.arpa.
wpad A                               | NXDOMAIN AA | - | wpad.
isatap A                             | NXDOMAIN AA | - | isatap.
1.0.0.127.in-addr.arpa PTR           | NXDOMAIN AA | - | 127.in-addr.arpa.
1.1.254.169.in-addr.arpa PTR         | NXDOMAIN AA | - | 254.169.in-addr.arpa.
"""

GATEWAYS = f"""
db.corp.net A                        | NOERROR     | 10.0.0.30 | -
DB.Corp.NET A                        | NOERROR     | 10.0.0.30 | -
db.corp.net AAAA                     | NOERROR     | - | {_DB}
db.corp.net TXT                      | NOERROR     | "a database" | -
db.corp.net HTTPS                    | NOERROR     | 1 . alpn="h2" ipv4hint="10.0.0.30" | -
db.corp.net CAA                      | NOERROR     | - | {_DB}
v6.corp.net AAAA                     | NOERROR     | fd00:10::6 | -
v6.corp.net A                        | NOERROR     | - | v6.corp.net.
both.corp.net A                      | NOERROR     | 10.0.0.32 | -
both.corp.net AAAA                   | NOERROR     | fd00:10::32 | -
www.corp.net A                       | NOERROR     | {_DB}, 10.0.0.30 | -
www.corp.net AAAA                    | NOERROR     | {_DB} | {_DB}
mixed.corp.net A                     | NOERROR     | 10.0.0.31 | -
mail.corp.net MX                     | NOERROR     | 10 {_DB} | -
_ldap._tcp.corp.net SRV              | NOERROR     | 0 100 389 {_DB} | -
sub.corp.net NS                      | NOERROR     | {_DB} | -
nas.paris.net A                      | NOERROR     | 10.0.1.31 | -
lab.berlin.net A                     | NOERROR     | 10.0.2.30 | -
30.0.0.10.in-addr.arpa PTR           | NOERROR     | {_DB} | -
"""

MISSES = """
absent.corp.net A                    | REFUSED     | - | -
absent.corp.net AAAA                 | REFUSED     | - | -
outside.corp.net A                   | REFUSED     | - | -
lost.corp.net A                      | REFUSED     | - | -
text.corp.net TXT                    | REFUSED     | - | -
bank.com A                           | REFUSED     | - | -
com NS                               | REFUSED     | - | -
. NS                                 | REFUSED     | - | -
99.0.0.10.in-addr.arpa PTR           | REFUSED     | - | -
1.0.168.192.in-addr.arpa PTR         | REFUSED     | - | -
0.0.10.in-addr.arpa PTR              | REFUSED     | - | -
30.0.0.10.in-addr.arpa A             | REFUSED     | - | -
db.corp.net TYPE249                  | REFUSED     | - | -
db.corp.net AXFR                     | REFUSED     | - | -
db.corp.net ANY                      | NOERROR     | "RFC8482" "" | -
bank.com ANY                         | NOERROR     | "RFC8482" "" | -
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One question, and the whole reply to it."""

    name: str
    rtype: str
    rcode: str
    flags: frozenset[str]
    answers: tuple[str, ...]
    soa: str

    def __str__(self) -> str:
        return f"{self.name} {self.rtype}"


def rows(table: str) -> list[Row]:
    """The rows of a table."""
    return [_row(line) for line in table.splitlines() if line]


def _row(line: str) -> Row:
    question, status, answers, soa = (part.strip() for part in line.split("|"))
    name, rtype = question.split()
    rcode, *flags = status.split()
    found = () if answers == "-" else tuple(sorted(answers.split(", ")))
    return Row(name, rtype, rcode, frozenset(("QR", "RD", "RA", *flags)), found, soa.strip("-"))
