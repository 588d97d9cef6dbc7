"""W3C trace context: one `traceparent` leads from a vendor's request to the record it became.

Source: W3C Trace Context, "traceparent header".
"""

import re
from typing import Final

_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent(header: bytes | None, delivery_id: str) -> str:
    """Return the caller's trace where its header is valid, else one made from a delivery's sha256.

    A redelivery of the same bytes thereby continues the trace of the first, and nothing random is needed.
    """
    if header is not None and _TRACEPARENT.fullmatch(header):
        return header.decode("ascii")
    return f"00-{delivery_id[:32]}-{delivery_id[32:48]}-01"
