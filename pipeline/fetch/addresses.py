"""Which IP addresses may be asked: public ones only, however they are written or wrapped.

By the special-purpose address registries of IANA (RFC 6890 and its updates), in tables of our own: what the standard
library calls global differs from one release of Python to the next.
"""

from __future__ import annotations

import ipaddress
from typing import Final

_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address

#: Networks that no public server is in -> what they are for.
_IPV4: Final = {
    ipaddress.IPv4Network(network): kind
    for network, kind in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by carriers (RFC 6598)",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "metadata of a cloud",
        "169.254.0.0/16": "link-local, or metadata of a cloud",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved for protocols",
        "192.0.2.0/24": "reserved for examples",
        "192.88.99.0/24": "a relay of 6to4",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved for benchmarks",
        "198.51.100.0/24": "reserved for examples",
        "203.0.113.0/24": "reserved for examples",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}

#: All that is given out for public use; what is outside is local, multicast, reserved or not in use.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_IPV6: Final = {
    ipaddress.IPv6Network(network): kind
    for network, kind in {
        # Teredo, benchmarks, ORCHID and others; an IPv4 address that is wrapped in one can be any.
        "2001::/23": "reserved for protocols",
        "2001:db8::/32": "reserved for examples",
        "2002::/16": "6to4",
        "3fff::/20": "reserved for examples",
    }.items()
}
_LOCAL_IPV6: Final = {
    ipaddress.IPv6Network(network): kind
    for network, kind in {
        "::/128": "unspecified",
        "::1/128": "loopback",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "fec0::/10": "site-local",
        "ff00::/8": "multicast",
    }.items()
}
#: Networks whose last 32 bits are an IPv4 address, and nothing else: IPv4-mapped, and NAT64 of RFC 6052.
_WRAPPED: Final = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


def refusal(address: str) -> str | None:
    """Why an IP address is none of a public server ("loopback"); None where it may be asked.

    address: as a resolver gives it: dotted or with colons, perhaps with a zone ("fe80::1%eth0"). What is no IP address
    is refused as well.

        >>> refusal("127.0.0.1"), refusal("::ffff:10.0.0.1"), refusal("1.1.1.1")
        ('loopback', 'private', None)
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "not an IP address"
    if isinstance(parsed, _IPv4):
        return next((kind for network, kind in _IPV4.items() if parsed in network), None)
    if parsed.scope_id is not None:
        return "link-local"
    if any(parsed in network for network in _WRAPPED):
        return refusal(str(_IPv4(int(parsed) & 0xFFFFFFFF)))
    if parsed not in _GLOBAL_UNICAST:
        return next((kind for network, kind in _LOCAL_IPV6.items() if parsed in network), "reserved")
    # ISATAP (RFC 5214): the lower half of the address holds an IPv4 address behind 0000:5efe or 0200:5efe.
    if (int(parsed) >> 32) & 0xFDFFFFFF == 0x00005EFE:
        return "ISATAP"
    return next((kind for network, kind in _IPV6.items() if parsed in network), None)
