"""The protocol core of CS/1: pure functions, no clock, no link, no store.

Both ends are `step(state, event) -> (state, effects)`. A shell turns what happens into events,
runs the effects in their order, and remembers the state. The real courier, the hospital's
receive worker and the seeded simulator (`sync.simulation`) are three shells around this code.

The box's shell (one loop over one queue):

    session = BoxSession()
    feed(Start(now, os.urandom(8)))
    loop:
        event = queue.get(timeout = the last SetTimer - now), or Tick(now) when it runs out
            the link is up               -> LinkUp(now)          the link is lost -> LinkLost(now)
            frame on cs/1/d/{box}/r      -> header, payload = open_down(frame, keys, hospital)
                                            MessageArrived(now, decode_down(payload))
                                            (EnvelopeError, MessageError: count and drop)
            the journal has grown        -> RecordsAppended(now)
        session, effects = box.step(session, event, outbox)     # outbox: the Outbox protocol
        for effect in effects, in order:
            Dial             a new paho client; answer with LinkUp or LinkLost
            HangUp           drop that client; its later callbacks belong to an old generation
            SendHello        seal_up(hello_header(box_id, effect.nonce, epoch), encode(hello(
                             outbox, effect, about)), keys, hospital) on cs/1/u/{box}/h
            SendFrame        records = the n records from first_seq; header, payload =
                             framing.compose(box_id, effect, records);
                             seal_up(header, payload, keys, hospital) on cs/1/u/{box}/{lane}
            PersistCustody   one durable transaction (cum may move back; prune only <= safe)
            StartEpoch       one durable transaction: renumber every retained record
            AnchorClock      anchor the clock; SetTimer: remember the deadline; Note: log, audit
        A failing publish is a LinkLost. A crash between two effects is harmless.

The hospital's shell (for each frame of cs/1/u/+/+):

    header = peek_up(frame)                        # MessageError, EnvelopeError: count, drop
    box = the cached HospitalBox of header.box_id, or load it; unknown box: count, keep, drop
    header, payload = open_up(frame, hospital_keys, the box's public halves)
        BadSignature, WrongKey: count, keep, drop       Unopened: FrameArrived(header, None)
    header.lane == "h": HelloArrived(decode(payload), archive.has_seen(nonce), utc_ms)
    otherwise:          FrameArrived(header, framing.disclose(header, payload))   # None: unreadable
    one transaction: lock the box's row; box', effects = hospital.step(box, event)
        Admit     store epoch and nonce; remember the nonce as seen (has_seen)
        Store     insert records by content id, a repeat is success; stream row := cum, chain
        KeepRaw   keep the sealed frame, open a ticket; stream row := seq, chain
        Refuse    count by reason; keep the sealed frame for inspection; Note: log
    commit, then publish each Reply: sign_down(DownHeader(box_id, "r", nonce), encode(message))
    The transaction failed: forget the cached box, publish nothing, do not acknowledge to MQTT.
    The off-host backup moved on: BackedUp(lane, safe, chain at safe) for each stream.

Down come, beside the control channel, the clinic's feed (channel "f": `sync.core.feed`, with a
session of its own that opens when the records' session streams) and signed commands (channel
"k": `sync.core.command`, which belong to no session).
"""

from sync.core import box, hospital
from sync.core.box import hello
from sync.core.header import DownHeader, Header, hello_header
from sync.core.messages import (
    DownMessage,
    Fence,
    Hello,
    LaneReport,
    Message,
    Nack,
    Position,
    Receipt,
    Welcome,
    decode,
    decode_down,
    encode,
)
from sync.core.session import BoxSession, LaneState, Outbox, Phase
from sync.core.wire import MessageError

__all__ = [
    "BoxSession",
    "DownHeader",
    "DownMessage",
    "Fence",
    "Header",
    "LaneState",
    "Hello",
    "LaneReport",
    "Message",
    "MessageError",
    "Nack",
    "Outbox",
    "Phase",
    "Position",
    "Receipt",
    "Welcome",
    "box",
    "decode",
    "decode_down",
    "encode",
    "hello",
    "hello_header",
    "hospital",
]
