"""What Schemathesis does not know by itself: parts of an upload are plain bytes, rows of a comparison are lines of JSON."""

import json

import schemathesis


def as_bytes(value):
    """Bytes as they are; other values as their text."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.serializer("application/partial-upload")
def part(_context, value):
    return {"data": as_bytes(value)}


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    return {"data": as_bytes(value) if isinstance(value, (bytes, str)) else json.dumps(value).encode() + b"\n"}
