"""Which addresses the service connects to for others: the public Internet, and what is configured.

The name, and so the address behind it, is chosen by a stranger (who asks for a certificate, who
registers a webhook): without these rules the service would knock at doors inside our own network.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its successors), and multicast.
_NOT_PUBLIC_4 = [
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # carriers' NAT (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927), where clouds answer with their secrets
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and the broadcast address (RFC 1112, RFC 919)
    )
]
# RFC 4291, Section 2.4 and IANA's registry: only 2000::/3 is given out as global unicast. That
# leaves out loopback, v4-mapped, unique local, link-local and multicast addresses.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = [
    IPv6Network(one)
    for one in (
        "2001::/23",  # protocol assignments (RFC 2928), Teredo among them
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4: an IPv4 address in disguise (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
]
# RFC 6052, Section 2.1: the last 32 bits are the IPv4 address that a translator connects to.
_NAT64 = IPv6Network("64:ff9b::/96")
# Nobody's own address: never connected to, whatever the settings say.
_NEVER: list[Network] = [
    ip_network(one) for one in ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8")
]


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public Internet's, and no other in disguise."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _GLOBAL_UNICAST and not any(address in one for one in _NOT_PUBLIC_6)


class ReachableAddresses:
    """The rule of one installation: public addresses, and what its settings add."""

    def __init__(self, *, allow_private: bool, networks: Sequence[Network]) -> None:
        self._allow_private = allow_private
        self._networks = networks

    def allow(self, address: Address) -> bool:
        """Tell whether the service may connect to an address."""
        if is_public(address):
            return True
        if any(address in network for network in _NEVER):
            return False
        # The disguise is what is refused: a mapped address of a network is not one of its own.
        return self._allow_private or any(address in network for network in self._networks)
