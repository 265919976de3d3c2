"""What Schemathesis does not know by itself: parts of an upload are plain bytes."""

import schemathesis


@schemathesis.serializer("application/partial-upload")
def part(_context, value):
    """Bytes as they are; other values as their text."""
    return {"data": value if isinstance(value, bytes) else str(value).encode()}
