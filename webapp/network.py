"""This machine's own addresses, without a packet."""

import socket
import struct

_SIOCGIFADDR = 0x8915  # Linux: an interface's address
_ADDRESS_AT = 20  # in struct ifreq: 16 bytes of name, 2 of family, 2 of port


def addresses() -> list[str]:
    """Return the IPv4 addresses by which other machines may reach this one; [] if unknown."""
    try:
        import fcntl

        names = [name for _, name in socket.if_nameindex()]
    except (ImportError, OSError):
        return []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        found = [_address(fcntl, asking, name) for name in names]
    return [one for one in found if one and not one.startswith("127.")]


def _address(fcntl, asking: socket.socket, name: str) -> str | None:
    request = struct.pack("256s", name.encode()[:15])
    try:
        answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
    except OSError:  # this interface has none
        return None
    return socket.inet_ntoa(answer[_ADDRESS_AT : _ADDRESS_AT + 4])
