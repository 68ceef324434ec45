"""What a file is, by its first bytes: what its sender calls it is no evidence.

Signatures: JPEG (ISO/IEC 10918-1), PNG (ISO/IEC 15948), WebP and WAVE (RIFF), Ogg (RFC 3533),
WebM (Matroska/EBML, RFC 8794), MP4 (ISO/IEC 14496-12), MP3 with ID3 or a frame header.
"""

from __future__ import annotations

PHOTOS = ("image/jpeg", "image/png", "image/webp")
RECORDINGS = ("audio/webm", "audio/ogg", "audio/wav", "audio/mpeg", "audio/mp4")
KINDS = (*PHOTOS, *RECORDINGS)

MAX_PHOTO = 6 << 20
MAX_RECORDING = 4 << 20
MAX_PREVIEW = 32 << 10
"""A preview is a few frames of a slow link; what is larger is none."""

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\x1a\x45\xdf\xa3", "audio/webm"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_AUDIO_BRANDS = (b"M4A ", b"mp42", b"isom", b"iso5", b"dash")


def kind_of(data: bytes) -> str | None:
    """Return the media type of a photo or a recording, None for anything else."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:12] in _AUDIO_BRANDS else None
    return next((kind for start, kind in _STARTS if data.startswith(start)), None)


def is_photo(kind: str) -> bool:
    """Whether a media type is a photo's."""
    return kind in PHOTOS


def limit(kind: str) -> int:
    """Return how many bytes a file of this kind may have."""
    return MAX_PHOTO if is_photo(kind) else MAX_RECORDING
