"""A record's headers as one blob: for each, two lengths, the name, the value. Pure."""

import struct
from typing import Final

from schemas.records import Headers

_LENGTHS: Final = struct.Struct(">HI")


def packed(headers: Headers) -> bytes:
    """Return headers as bytes, in their order, repeated names and all."""
    parts: list[bytes] = []
    for name, value in headers:
        encoded = name.encode()
        parts += (_LENGTHS.pack(len(encoded), len(value)), encoded, value)
    return b"".join(parts)


def unpacked(blob: bytes) -> Headers:
    """Return the headers that `packed` was given."""
    headers: list[tuple[str, bytes]] = []
    at = 0
    while at < len(blob):
        name_length, value_length = _LENGTHS.unpack_from(blob, at)
        name_at = at + _LENGTHS.size
        value_at = name_at + name_length
        at = value_at + value_length
        headers.append((blob[name_at:value_at].decode(), blob[value_at:at]))
    return tuple(headers)
