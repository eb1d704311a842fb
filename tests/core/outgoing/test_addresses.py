"""Which addresses are the public Internet's."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from core.outgoing.addresses import ReachableAddresses, is_public

PUBLIC = [
    "1.1.1.1",
    "203.189.128.1",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700::1",
    "64:ff9b::101:101",
]
DEFECTS = {
    "unspecified": "0.0.0.0",
    "private-10": "10.1.2.3",
    "carriers-nat": "100.64.0.1",
    "loopback": "127.8.8.8",
    "link-local-metadata": "169.254.169.254",
    "private-172": "172.31.255.255",
    "private-192": "192.168.1.1",
    "documentation": "192.0.2.1",
    "benchmarking": "198.19.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified-6": "::",
    "loopback-6": "::1",
    "v4-mapped-loopback": "::ffff:127.0.0.1",
    "v4-mapped-public": "::ffff:1.1.1.1",
    "v4-compatible": "::127.0.0.1",
    "nat64-of-private": "64:ff9b::a01:203",
    "nat64-of-loopback": "64:ff9b::7f00:1",
    "nat64-local-use": "64:ff9b:1::101:101",
    "teredo": "2001::1",
    "6to4-of-private": "2002:a01:203::1",
    "documentation-6": "2001:db8::1",
    "documentation-6-new": "3fff::1",
    "unique-local": "fd00::1",
    "link-local-6": "fe80::1",
    "site-local": "fec0::1",
    "multicast-6": "ff02::1",
    "discard-only": "100::1",
}
NEVER = ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"]


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_special_address_is_not(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not ReachableAddresses(allow_private=False, networks=()).allow(ip_address(text))


@pytest.mark.parametrize("text", NEVER)
def test_nobodys_address_is_never_connected_to(text: str) -> None:
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert not ReachableAddresses(allow_private=True, networks=everything).allow(ip_address(text))


def test_a_configured_network_is_reachable_and_its_disguises_are_not() -> None:
    rule = ReachableAddresses(allow_private=False, networks=[ip_network("10.20.0.0/16")])
    assert rule.allow(ip_address("10.20.1.1"))
    assert not rule.allow(ip_address("10.21.1.1"))
    assert not rule.allow(ip_address("::ffff:10.20.1.1"))
    assert not rule.allow(ip_address("64:ff9b::a14:101"))
