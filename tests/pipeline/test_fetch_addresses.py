"""Which IP addresses count as public."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fetch.addresses import refusal


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "169.253.255.255", "192.0.1.1", "192.169.0.1", "223.255.255.255", "126.255.255.255", "128.0.0.1",
        "168.63.129.15", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888", "2400:cb00::1",
        "::ffff:1.1.1.1", "64:ff9b::101:101",
    ],
)  # fmt: skip
def test_public_ones_may_be_asked(address: str) -> None:
    """Also where they are wrapped in IPv6 by the system, or by the translator of a network without IPv4."""
    assert refusal(address) is None


@pytest.mark.parametrize(
    "address",
    [
        # Itself, unspecified.
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "::", "::1",
        # Private, shared, link-local.
        "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255",
        "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fdff::1",
        # Metadata of clouds.
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254",
        # Multicast, broadcast, reserved, examples.
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "ff02::1", "ff0e::1", "192.0.2.1", "198.18.0.1",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1",
        # IPv4 in IPv6: mapped, compatible, 6to4, Teredo, NAT64, translated, ISATAP.
        "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::10.0.0.1",
        "::1.1.1.1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1", "::ffff:0:127.0.0.1",
        "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
        # No addresses at all.
        "", "made.example", "127.1", "0x7f.0.0.1", "2130706433", "1.1.1.1:80", "[::1]", "1.1.1.1/0",
    ],
)  # fmt: skip
def test_all_others_are_refused(address: str) -> None:
    """With a word on why."""
    assert refusal(address)


@given(st.ip_addresses(v=4))
def test_nothing_is_allowed_that_python_knows_as_private(address: ipaddress.IPv4Address) -> None:
    """Ours may refuse more."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refusal(str(address))


#: What is in these is judged by the IPv4 address in it, and by Python's releases in different ways.
WRAPPED = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


@given(st.ip_addresses(v=6))
def test_nor_by_ipv6(address: ipaddress.IPv6Address) -> None:
    """Ours may refuse more there, too."""
    if any(address in network for network in WRAPPED):
        assert refusal(str(address)) == refusal(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    elif not address.is_global or address.is_multicast or address.is_reserved or address.is_site_local:
        assert refusal(str(address))


NETWORKS = [
    ipaddress.IPv4Network(network)
    for network in (
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
    )
]


@given(st.sampled_from(NETWORKS).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_wrapping_makes_a_private_one_public(address: ipaddress.IPv4Address) -> None:
    """In any form in which IPv6 can hold it."""
    number = int(address)
    for wrapped in (
        number,
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x0064FF9B << 96 | number,
        0x0064FF9B0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x20010000 << 96 | number ^ 0xFFFFFFFF,
        0x26064700 << 96 | 0x00005EFE << 32 | number,
        0x26064700 << 96 | 0x02005EFE << 32 | number,
    ):
        assert refusal(str(ipaddress.IPv6Address(wrapped))), ipaddress.IPv6Address(wrapped)


@given(st.text(max_size=50))
def test_what_is_no_address_is_refused(text: str) -> None:
    """And raises nothing."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert refusal(text)
