"""The tables of docs/protocol-cs1.md and docs/packing.md, taken from the product's own names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

from devices.protocols import line_template
from edge.files import attachments
from edge.model.entry import Lane
from edge.model.feed_item import BUCKETS
from hospital.broker.broker import MAX_PACKET_BYTES
from hospital.desk import wording
from hospital.fleet import authority, claims
from hospital.receiving import receiver, worker
from sync import packing
from sync.box import commands as box_commands
from sync.box import file_client, key_commands
from sync.box.feed_client import CHANNEL as FEED
from sync.bundles import bundle_format
from sync.core import (
    box,
    clones,
    feed,
    feed_messages,
    header,
    hospital,
    messages,
    retry_times,
    wire,
)
from sync.core import command as core_command
from sync.core import topics as topic_names
from sync.courier import courier, housekeeping, telemetry
from sync.files import chunks
from sync.frames import envelope, framing
from sync.keys import enrolment, keys
from sync.link.link import MAX_PACKET
from sync.link.transport import THIN_LINK
from sync.packing import encode as encoding
from sync.packing import scalars as kinds_of_scalars
from sync.packing import templates, varint_columns, zstd_dictionary
from sync.packing.scalars import DECIMAL, INTEGER, PLACES, STAMP, TEXT, TIME, UUIDS
from sync.packing.vocabulary import KEYS, WORDS


def topics() -> str:
    """Return the topics, by the letters that the code uses."""
    up, down = topic_names.up("{box}", ""), topic_names.down("{box}", "")
    cells = (
        (up + header.HELLO_LANE, "up", 1, "HELLO, ASK, RENEWAL, NEW-KEYS"),
        (up + Lane.ALERT, "up", 1, "records: alerts"),
        (up + Lane.CLINICAL, "up", 1, "records: everything else"),
        (up + chunks.LANE, "up", 1, "CHUNK"),
        (up + telemetry.LANE, "up", 0, "STATUS, and the empty last will"),
        (down + receiver.CONTROL, "down", 1, "WELCOME, RECEIPT, FENCE, NACK"),
        (down + FEED, "down", 1, "BATCH, SNAPSHOT"),
        (down + chunks.CHANNEL, "down", 1, "HELD"),
        (down + core_command.CHANNEL, "down", 1, "COMMAND"),
    )
    rows_ = [(f"`{topic}`", way, qos, what) for topic, way, qos, what in cells]
    return table(("topic", "way", "QoS", "carries"), rows_)


def mqtt() -> str:
    """Return how each end connects."""
    box_end, hospital_end = THIN_LINK, worker.WIRED
    cells = (
        ("version", 5, 5),
        ("transport", "TLS 1.2 or later, both sides show certificates", "the same"),
        ("trust", "only the `ca` of the grant; the host name is checked", "the same authority"),
        ("client id", "the box id", f"`{authority.WORKER}`"),
        ("user name, password", "none", "none"),
        ("clean start, session expiry", "true, 0", "true, 0"),
        ("subscription", "`cs/1/d/{box}/#`, QoS 1", f"`{topic_names.EVERY_UP}`, QoS 1"),
        ("acknowledges", "at once", "after its commit"),
        ("retain", "never", "never"),
        ("will", "topic `cs/1/u/{box}/t`, empty, QoS 0, not retained", "none"),
        ("keep-alive", f"{box_end.keepalive_s} s", f"{hospital_end.keepalive_s} s"),
        ("receive maximum", box_end.window, hospital_end.window),
        ("maximum packet size", _n(MAX_PACKET), _n(MAX_PACKET)),
    )
    return table(("setting", "box", "hospital"), cells)


def kinds() -> str:
    """Return every message kind and its number."""
    numbers = {name: number for (number, _), name in zip(messages._READERS, _CONTROL, strict=True)}
    cells = (
        (numbers["HELLO"], "HELLO", "up h", "sealed, signed"),
        (numbers["WELCOME"], "WELCOME", "down r", "signed"),
        (numbers["RECEIPT"], "RECEIPT", "down r", "signed"),
        (numbers["FENCE"], "FENCE", "down r", "signed"),
        (numbers["NACK"], "NACK", "down r", "signed"),
        (feed_messages.ASK, "ASK", "up h", "sealed, signed"),
        (feed_messages.BATCH, "BATCH", "down f", "sealed, signed, deflated"),
        (feed_messages.CHUNK, "SNAPSHOT", "down f", "sealed, signed, deflated"),
        (key_commands.RENEWAL, "RENEWAL", "up h", "sealed, signed"),
        (key_commands.NEW_KEYS, "NEW-KEYS", "up h", "sealed, signed"),
        (core_command.COMMAND, "COMMAND", "down k", "sealed, signed"),
        (telemetry.STATUS, "STATUS", "up t", "sealed, signed"),
        (chunks.CHUNK, "CHUNK", "up f", "sealed, signed"),
        (chunks.HELD, "HELD", "down x", "signed"),
    )
    return table(("number", "message", "where", "protection"), cells)


_CONTROL = ("HELLO", "WELCOME", "RECEIPT", "FENCE", "NACK")


def limits() -> str:
    """Return the limits that both ends keep."""
    cells = (
        ("MAX_FRAME", envelope.MAX_FRAME_BYTES, "bytes of a frame, either way"),
        ("MAX_PAYLOAD", packing.MAX_PAYLOAD_BYTES, "bytes of a payload of records or of the feed"),
        ("SMALL_PAYLOAD", packing.SMALL_PAYLOAD_BYTES, "bytes of payload a bulk frame aims at"),
        ("MAX_INFLATED", packing.MAX_INFLATED_BYTES, "bytes of a payload's CBOR, inflated"),
        ("MAX_RECORDS_BYTES", packing.MAX_RECORDS_BYTES, "bytes of all records of a frame"),
        ("MAX_ROWS", packing.MAX_ROWS, "records of a frame"),
        ("MAX_RECORD", framing.MAX_RECORD_BYTES, "bytes of one record; more: a tombstone"),
        ("MAX_DEPTH", wire.MAX_DEPTH, "nesting of CBOR arrays and maps"),
        ("MAX_INT", "2^48 - 1", "largest integer; the smallest is 0 where nothing else is said"),
        ("MAX_LANES", messages.MAX_LANES, "lanes in one message"),
        ("PAD_TO", envelope.PAD_TO_BYTES, "a padded frame's size is a multiple of this"),
        ("NONCE", messages.NONCE_BYTES, "bytes of a session's nonce"),
        ("CHAIN", messages.CHAIN_BYTES, "bytes of a chain"),
        ("KEY_ID", keys.KID_BYTES, "bytes of a key id"),
        ("HELD_FRAMES", hospital.HELD_FRAMES, "frames the hospital holds before a gap, all lanes"),
        ("MAX_PACKET", MAX_PACKET, "bytes of an MQTT packet"),
    )
    assert (MAX_PACKET, wire.MAX_INT) == (MAX_PACKET_BYTES, 2**48 - 1)
    return table(("name", "value", "what"), [(f"`{n}`", _n(v), w) for n, v, w in cells])


def times() -> str:
    """Return the times and windows of both ends."""
    box_rows = (
        ("DIAL_LIMIT", _s(box.DIAL_LIMIT_MS), "from dialling to a granted subscription"),
        ("HELLO_FLOOR", _s(retry_times.HELLO_FLOOR_MS), "least wait for the answer to a HELLO"),
        ("RTO_FLOOR", _s(retry_times.RTO_FLOOR_MS), "least wait for the receipt of a frame"),
        ("SILENCES", retry_times.SILENCES, "waits without an answer, then hang up"),
        (
            "BACKOFF",
            f"{_s(retry_times.BACKOFF_FIRST_MS)} to {_s(retry_times.BACKOFF_LIMIT_MS)}",
            "doubling",
        ),
        ("FENCED_WAIT", _s(retry_times.BACKOFF_LIMIT_MS), "before the next HELLO after FENCE 0"),
        ("IDLE_LIMIT", _s(box.IDLE_LIMIT_MS), "a silent session says HELLO again"),
        ("ALERT_WINDOW", box.ALERT_WINDOW, "frames of lane a without a receipt"),
        (
            "BULK_WINDOW",
            f"1 to {retry_times.MOST_FRAMES}",
            "frames of the other lanes without a receipt",
        ),
        ("STATUS_EVERY", _s(housekeeping.REPORT_MS), "between two STATUS"),
        ("CHUNK_WINDOW", file_client.WINDOW, "CHUNKs without an answer"),
        ("CHUNK_AGAIN", _s(file_client.AGAIN_MS), "then a CHUNK is sent again"),
        ("ASK_WAIT", f"{_s(feed.ANSWER_MS)} to {_s(feed.PATIENCE_MS)}", "for an answer, doubling"),
        ("ASK_IDLE", _s(feed.IDLE_MS), "a box at rest asks again"),
    )
    hospital_rows = (
        ("REMIND", _s(receiver.REMIND_MS), "boxes heard so lately get a RECEIPT at a restart"),
        (
            "CLONE_WINDOW",
            _s(clones.WITHIN_MS),
            f"two machines within it, of 0.2.0 {clones.TIMES} forks: quarantined",
        ),
        ("CLAIM_VALID", f"{claims.VALID_H} h", "life of a claim"),
        ("CERTIFICATE", f"{authority.BOX_DAYS} days", "life of a box's certificate"),
        ("OLD_KEYS", f"{keys.RETIRED_S // 86_400} days", "a replaced key still counts"),
    )
    assert courier.CONTROL == receiver.CONTROL
    both = [("box", *t) for t in box_rows] + [("hospital", *t) for t in hospital_rows]
    return table(("end", "name", "value", "what"), [(e, f"`{n}`", v, w) for e, n, v, w in both])


def flags() -> str:
    """Return the flags of the up header."""
    cells = (
        (header.PADDED, "PADDED", "the payload is padded (section 6.4)"),
        (header.ALONE, "ALONE", "one record; the header has a 14th item, the chain after it"),
        (header.TOMBSTONE, "TOMBSTONE", "the record is a tombstone; has a 14th item too"),
    )
    return table(("value", "name", "meaning"), cells)


def reasons() -> str:
    """Return the reasons that a box may be cells."""
    cells = (
        ("FENCE 0", messages.REVOKED, "an administrator shut the box out"),
        ("FENCE 0", messages.QUARANTINED, "two machines seem to use this identity"),
        ("FENCE 0", messages.REPLACED, "another box took its place"),
        ("FENCE 0", messages.UNSUPPORTED, "the range of protocols does not hold 1"),
        ("FENCE 0", hospital.NOT_ADMITTED, "the epoch is 0"),
        ("FENCE n", messages.FORKED, "the HELLO asked for a new epoch"),
        ("FENCE n", messages.STALE_EPOCH, "the HELLO named an epoch of the past"),
        ("NACK", messages.STALE_SESSION, "the frame's epoch or nonce is not of the live session"),
        ("NACK", messages.UNREADABLE, "the payload cannot be read: send its records one by one"),
    )
    return table(("in", "reason", "why"), [(i, f"`{r}`", w) for i, r, w in cells])


def refusals() -> str:
    """Return the reasons of a silent refusal, as the hospital counts them."""
    cells = (
        (receiver.MALFORMED, "not a frame, or a message of a wrong form"),
        (receiver.FOREIGN, "box id or lane of the header are not those of the topic"),
        (receiver.UNKNOWN_BOX, "no box of this id is enrolled"),
        ("BadSignature", "signed by no key of this box that counts now"),
        ("WrongKey", "sealed to a key that the hospital does not have"),
        (receiver.NO_HELLO, "a message in lane h that is no message of lane h"),
        (hospital.REPLAYED, "a HELLO whose nonce was used before in another session"),
        (hospital.UNKNOWN_LANE, "a lane that carries no records"),
        ("revoked, quarantined, replaced", "a frame of records of a box that is shut out"),
    )
    return table(("reason", "why"), cells)


def enrolment_kinds() -> str:
    """Return the kinds of a refused enrolment."""
    why = {
        "malformed": "the request cannot be read, or is longer than allowed",
        "claim-unknown": "no such claim",
        "claim-expired": "the claim is too old",
        "claim-used": "another request has used the claim",
        "proof-wrong": "proof or signature is wrong",
        "refused": "anything else; the text says what",
    }
    kinds_ = get_args(enrolment.RefusalKind)
    assert set(kinds_) == set(why)
    return table(("kind", "meaning"), [(f"`{kind}`", why[kind]) for kind in kinds_])


def commands() -> str:
    """Return the kinds of commands."""
    cells = (
        ("ping", "{}", "nothing but the answer"),
        (key_commands.NEW_KEY, '{"decrypt": hex}', "seal to this X25519 key from now on"),
        (key_commands.CERTIFICATE, '{"pem": text}', "use this certificate; it fits the TLS key"),
        (key_commands.RENEW_KEYS, "{}", "make new keys, then send NEW-KEYS"),
        (key_commands.KEYS_TAKEN, '{"sign": hex}', "use the announced keys from now on"),
    )
    known = {*box_commands.HANDLERS, *key_commands.handlers(Path())}
    assert {kind for kind, _, _ in cells} == known
    shown = [(f"`{kind}`", f"`{body}`", what) for kind, body, what in cells]
    return table(("kind", "body", "what the box does"), shown)


def bundles() -> str:
    """Return the limits of a bundle."""
    cells = (
        ("frames", bundle_format.MAX_FRAMES),
        ("bytes of the file", bundle_format.MAX_BYTES),
        ("bytes of a block", bundle_format.MAX_BLOCK),
    )
    return table(("at most", "value"), [(w, _n(v)) for w, v in cells])


def file_limits() -> str:
    """Return the limits of files and of the feed."""
    cells = (
        ("bytes of a chunk", attachments.CHUNK_BYTES),
        ("chunks of a file", chunks.MAX_CHUNKS),
        ("items of a feed message", feed_messages.MAX_ITEMS),
        ("characters of an item's key", feed_messages.MAX_KEY),
        ("buckets of the feed", BUCKETS),
        ("bytes of a feed message", feed.FRAME_BUDGET),
        ("kinds of issues in a STATUS", telemetry.MAX_CONDITIONS),
        ("bytes of a PEM text", enrolment.MAX_PEM),
        ("bytes of an enrolment message", enrolment.MAX_MESSAGE),
    )
    return table(("at most", "value"), [(w, _n(v)) for w, v in cells])


def values() -> str:
    """Return the values that a reading may hold: code and units."""
    cells = (
        (wording.NAMES[code], f"`{code}`", " ".join(f"`{unit}`" for unit in sorted(units)))
        for code, units in line_template.UNITS.items()
    )
    return table(("value", "LOINC", "UCUM"), cells)


# --- packing ----------------------------------------------------------------------------------


def packing_limits() -> str:
    """Return the limits of a packed batch."""
    cells = (
        ("scalars of a template", templates.MAX_LEAVES),
        ("nesting of a template that is made", encoding.MAX_NESTING),
        ("characters of a text scalar", templates.MAX_TEXT),
        ("bytes of a varint", varint_columns.MAX_VARINT_BYTES),
        ("characters of a decimal text", kinds_of_scalars.MAX_DIGITS),
        ("decimal places", PLACES),
    )
    assert varint_columns.LARGEST == 2**62
    return table(("at most", "value"), [(w, _n(v)) for w, v in cells])


def scalars() -> str:
    """Return the kinds of scalars."""
    cells = (
        (TEXT, "text", "a number of the text table, or -1 - n for word n"),
        (INTEGER, "integer", "the integer itself"),
        (UUIDS, "UUID", "a number of the UUID table"),
        (TIME, "local time", "seconds, see below"),
        (STAMP, "time stamp", "no column of its own: the four stamp columns"),
        (f"{DECIMAL} to {DECIMAL + PLACES}", "decimal text", "the digits without the point"),
    )
    return table(("kind", "JSON", "number in the column"), cells)


def vocabulary(words: Sequence[str]) -> str:
    """Return a list of words by number, six a line."""
    lines = ["```"]
    for first in range(0, len(words), 6):
        few = words[first : first + 6]
        lines.append(f"{first:3}  " + "  ".join(few))
    return "\n".join([*lines, "```"])


def vocabulary_keys() -> str:
    """Return the keys by number."""
    return vocabulary(KEYS)


def vocabulary_words() -> str:
    """Return the words by number; one of them has a space."""
    return vocabulary([f'"{word}"' if " " in word else word for word in WORDS])


def single_alerts() -> str:
    """Return the templates of the single alert form, as JSON with the kinds in their places."""
    lines = ["```"]
    for number, shape in enumerate(zstd_dictionary.alone()):
        text = "".join(f"‹{p}›" if isinstance(p, int) else p for p in templates.pieces_of(shape))
        lines.append(f"{number:2}  {text}")
    return "\n".join([*lines, "```"])


def dictionary_facts() -> str:
    """Return name, size and digest of the zstd zstd_dictionary."""
    content = zstd_dictionary.content()
    cells = [
        ("file", "[`docs/cs1/zstd-dictionary-1.bin`](cs1/zstd-dictionary-1.bin)"),
        ("size", f"{len(content):,} bytes"),
        ("SHA-256", f"`{hashlib.sha256(content).hexdigest()}`"),
    ]
    return table(("", ""), cells)


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _n(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def _s(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
