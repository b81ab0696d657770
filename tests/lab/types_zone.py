"""Records of every type that names or holds an address, once for unbound and once for dnsmasq.

`db`, `mail` and `ns` have addresses in 10.0.0.0/24; `hidden` has one in 192.168.0.0/24; `gone` has
none. Records of the eight types that point at a name come in pairs or threes: at least one leads to
a visible name and one to a hidden or absent one.
"""

HIDDEN = "192.168.0.30"

_KEY = "0123456789abcdef0123456789abcdef01234567"
_SHA256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

CORP = f"""$ORIGIN corp.net.
$TTL 300
@           SOA    ns hostmaster 1 3600 600 86400 60
@           NS     ns
@           NS     hidden
@           MX     10 mail
@           MX     20 hidden
@           MX     30 gone
ns          A      10.0.0.1
mail        A      10.0.0.25
db          A      10.0.0.30
db          AAAA   fd00:10::30
hidden      A      {HIDDEN}
db          TXT    "the database"
db          TXT    "listens on 10.0.0.30"
db          TXT    "copied to {HIDDEN}"
db          TXT    "v=spf1 ip4:192.168" ".0.0/24 -all"
db          CAA    0 issue "ca.example.net"
db          SSHFP  4 1 {_KEY}
_5432._tcp.db TLSA 3 1 1 {_SHA256}
db          HTTPS  1 . alpn=h2 port=8443 ipv4hint=10.0.0.30,{HIDDEN}
db          HTTPS  2 hidden ipv4hint={HIDDEN}
db          HTTPS  3 mail mandatory=ipv4hint ipv4hint={HIDDEN}
www         HTTPS  0 db
intranet    HTTPS  0 hidden
db          NAPTR  10 10 "s" "SIP+D2T" "" _sip._tcp.corp.net.
hidden      TXT    "the hidden one"
hidden      CAA    0 issue "ca.example.net"
hidden      SSHFP  4 1 {_KEY}
_443._tcp.hidden TLSA 3 1 1 {_SHA256}
hidden      HTTPS  1 . alpn=h2 ipv4hint={HIDDEN}
hidden      MX     10 hidden
_sip._tcp.tel SRV  0 5 5060 mail
_sip._tcp.tel SRV  0 5 5060 hidden
tel         NAPTR  10 10 "s" "SIP+D2T" "" _sip._tcp.corp.net.
tel         NAPTR  20 10 "u" "E2U+sip" "!^.*$!sip:info@{HIDDEN}!" .
tel         URI    10 1 "sip:info@phones.corp.net"
tel         URI    20 1 "sip:info@{HIDDEN}"
tel         TXT    "ask for extension 30"
"""
"""For unbound. `tel` has no address: what is there is shown by policy only."""


def _text(name: str, rtype: int, rdata: bytes) -> str:
    return f"dns-rr={name}.corp.net,{rtype},{rdata.hex()}\n"


def _name(text: str) -> bytes:
    parts = [part.encode() for part in text.split(".")]
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\0"


def _hints(*addresses: str) -> bytes:
    octets = bytes(int(octet) for address in addresses for octet in address.split("."))
    return b"\0\4" + len(octets).to_bytes(2) + octets


_ALPN = b"\0\1\0\3\2h2"
_PORT = b"\0\3\0\2\x20\xfb"
_DB_NAME, _HIDDEN_NAME = _name("db.corp.net"), _name("hidden.corp.net")
_SERVICES = {
    "db": (
        b"\0\1\0" + _ALPN + _PORT + _hints("10.0.0.30", HIDDEN),
        b"\0\2" + _HIDDEN_NAME + _hints(HIDDEN),
        b"\0\3" + _name("mail.corp.net") + b"\0\0\0\2\0\4" + _hints(HIDDEN),
    ),
    "www": (b"\0\0" + _DB_NAME,),
    "intranet": (b"\0\0" + _HIDDEN_NAME,),
    "hidden": (b"\0\1\0" + _ALPN + _hints(HIDDEN),),
}


def _uri(text: str, priority: int) -> bytes:
    return priority.to_bytes(2) + b"\0\1" + text.encode()


DNSMASQ_CONF = "".join(
    (
        "local=/corp.net/\nlocal-ttl=300\n",
        "dns-rr=corp.net,2,",
        _name("ns.corp.net").hex(),
        "\n",
        "dns-rr=corp.net,2,",
        _HIDDEN_NAME.hex(),
        "\n",
        "mx-host=corp.net,mail.corp.net,10\n",
        "mx-host=corp.net,hidden.corp.net,20\n",
        "mx-host=corp.net,gone.corp.net,30\n",
        "mx-host=hidden.corp.net,hidden.corp.net,10\n",
        'txt-record=db.corp.net,"the database"\n',
        'txt-record=db.corp.net,"listens on 10.0.0.30"\n',
        f'txt-record=db.corp.net,"copied to {HIDDEN}"\n',
        'txt-record=db.corp.net,"v=spf1 ip4:192.168",".0.0/24 -all"\n',
        'txt-record=hidden.corp.net,"the hidden one"\n',
        'txt-record=tel.corp.net,"ask for extension 30"\n',
        "caa-record=db.corp.net,0,issue,ca.example.net\n",
        "caa-record=hidden.corp.net,0,issue,ca.example.net\n",
        "srv-host=_sip._tcp.tel.corp.net,mail.corp.net,5060,0,5\n",
        "srv-host=_sip._tcp.tel.corp.net,hidden.corp.net,5060,0,5\n",
        "naptr-record=db.corp.net,10,10,s,SIP+D2T,,_sip._tcp.corp.net\n",
        "naptr-record=tel.corp.net,10,10,s,SIP+D2T,,_sip._tcp.corp.net\n",
        f"naptr-record=tel.corp.net,20,10,u,E2U+sip,!^.*$!sip:info@{HIDDEN}!\n",
        *(
            _text(name, 44, b"\4\1" + bytes.fromhex(_KEY))
            + "".join(_text(name, 65, rdata) for rdata in _SERVICES[name])
            for name in ("db", "hidden")
        ),
        *(_text(name, 65, _SERVICES[name][0]) for name in ("www", "intranet")),
        _text("_5432._tcp.db", 52, b"\3\1\1" + bytes.fromhex(_SHA256)),
        _text("_443._tcp.hidden", 52, b"\3\1\1" + bytes.fromhex(_SHA256)),
        _text("tel", 256, _uri("sip:info@phones.corp.net", 10)),
        _text("tel", 256, _uri(f"sip:info@{HIDDEN}", 20)),
    )
)
"""The same for dnsmasq, which takes types that it does not know as hexadecimal RDATA."""

DNSMASQ_HOSTS = f"""
10.0.0.1     ns.corp.net
10.0.0.25    mail.corp.net
10.0.0.30    db.corp.net
fd00:10::30  db.corp.net
{HIDDEN} hidden.corp.net
"""
