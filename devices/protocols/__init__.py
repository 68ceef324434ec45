"""One pure file a protocol: bytes in, events out. Nothing here opens anything."""
