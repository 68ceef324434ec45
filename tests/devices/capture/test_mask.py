"""No identity survives masking; lengths, checks and what was measured do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS
from devices.catalogue.protocol_row import WithoutMasker
from devices.catalogue.serial_protocols import SERIAL_ROWS, mask
from devices.deidentify import CannotMaskError
from devices.driver import Event
from devices.protocols.framing import sum8, xor8

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "serial.json").read_text(encoding="utf-8")
)["vectors"]

Build = Callable[[str], bytes]


def omron(identity: str) -> bytes:
    return f"2026,07,11,09,05,{identity:>20},0,120,080,072,0\r\n".encode("latin-1")


def omron_bp(identity: str) -> bytes:
    return f"bp,{identity:>20},2023/04/27,15:06,140,098,077,068,3\r".encode("latin-1")


def terumo(identity: str) -> bytes:
    text = f"R1,{identity},210427,153000,128,097,082,084,0000,0000,00000,000"
    return b"\x02" + text.encode("latin-1") + b"\x03?"


def tm2657(identity: str) -> bytes:
    fields = ["TM2657", "2411121014", "RA", "M", "E00", "S127", "M 97", "D 76", "P 78", "I00"]
    fields += ["L232", "p173", "i 0", "m0", "r0", "t 35", "cN", "l  ", f"d{identity}", "h     "]
    body = b"\x0100\x02" + "".join(f + "\x1e" for f in fields).encode("latin-1") + b"\x03"
    return b"\x16\x16" + body + bytes((xor8(body),))


def tanita(identity: str) -> bytes:
    text = f'{{0,16,~0,1,MO,"SC-240",ID,"{identity}",Da,"01/02/2026",Hm,170,Wk,82.7,FW,18.6,'
    body = text.encode("latin-1")
    return body + b"CS,%02X\r\n" % sum8(body)


def gtech(identity: str) -> bytes:
    text = f"NAME     ---- {identity}\r\nWEIGHT   ---- 90.05 kg\r\nHEIGHT   ---- 188.6 cm\r\n"
    return text.encode("latin-1") + b"\x1bT\x00"


def healthometer(identity: str) -> bytes:
    return b"\x1bR\x1bI" + identity.encode("latin-1") + b"\x1bW065.4\x1bH170.2\x1bNm\x1bE"


def astm_frames(records: str, size: int = 60) -> bytes:
    return framed(records.encode("latin-1"), size)


def framed(data: bytes, size: int = 60) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    frames = [b"\x05"]
    for at, part in enumerate(parts):
        mark = b"\x03" if at == len(parts) - 1 else b"\x17"
        body = b"%d" % ((at + 1) % 8) + part + mark
        frames.append(b"\x02" + body + b"%02X\r\n" % sum8(body))
    return b"".join((*frames, b"\x04"))


def astm(identity: str) -> bytes:
    return astm_frames(astm_records(identity))


def astm_records(identity: str) -> str:
    return (
        f"H|\\^&|||HB201|||||||P|1|20261122081500\rP|1|{identity}||{identity}|{identity}^A\r"
        f"O|1|{identity}||^^^HB|R\rC|1|I|{identity}\rR|1|^^^HB|11.8|g/dL||L||F||{identity}||"
        f"20261122081455\rL|1|N\r"
    )


def hl7(identity: str) -> bytes:
    text = (
        "MSH|^~\\&|MON|BED1|||20261122081500||ORU^R01|77|P|2.3\r"
        f"PID|1||{identity}^^^MR||{identity}^Ali||19800101|F\rOBR|1|{identity}||CBC\r"
        f"OBX|1|NM|718-7^Hb||11.8|g/dL|12-16|L|||F|||20261122||{identity}\r"
        f"NTE|1||{identity}\r"
    )
    return b"\x0b" + text.encode("latin-1") + b"\x1c\r"


BUILDS: dict[str, tuple[str, Build]] = {
    "omron format 5": ("omron_hbp", omron),
    "omron bp": ("omron_hbp", omron_bp),
    "terumo": ("terumo_bp500", terumo),
    "TM-2657": ("ad_tm2655", tm2657),
    "tanita": ("tanita_csv", tanita),
    "g-tech": ("gtech_gl310", gtech),
    "health o meter": ("healthometer", healthometer),
    "astm": ("astm_e1381", astm),
    "hl7": ("hl7_mllp", hl7),
}

MASKERS = [row.name for row in SERIAL_ROWS if not isinstance(row.deidentify, WithoutMasker)]
WITHOUT_IDS = [row.name for row in SERIAL_ROWS if row.deidentify is WithoutMasker.NO_IDENTITY]
UNTOLD = [row.name for row in SERIAL_ROWS if row.deidentify is WithoutMasker.NOT_KNOWN]

identities = st.text("0123456789ABCDEFGHJKLNPQRSTUVWXYZ", min_size=6, max_size=18).filter(
    lambda text: "X" not in text and sum(letter.isdigit() for letter in text) > 3
)
noise = st.binary(max_size=9)


def events(protocol: str, data: bytes) -> list[Event]:
    return SERIAL_PROTOCOLS[protocol].decoder().feed(data)


def remains(identity: str, data: bytes, length: int = 4) -> set[str]:
    """The pieces of an identity that can still be read in data, apart from what is always there.

    The number of an ASTM frame and the text behind it may look like a piece: it is left out.
    """
    text = re.sub("\x02[0-7]", "\x02", data.decode("latin-1"))
    usual = "".join(build("").decode("latin-1") for _, build in BUILDS.values())
    usual += astm_records("")
    pieces = {identity[at : at + length] for at in range(len(identity) - length + 1)}
    return {piece for piece in pieces if piece in text and piece not in usual}


def without_identity(event: Event) -> tuple[str, dict[str, object]]:
    hidden = {"subject_id", "text"}
    return event.name, {k: v for k, v in event.fields.items() if k not in hidden}


def test_every_protocol_says_how_it_is_masked() -> None:
    named = [*MASKERS, *WITHOUT_IDS, *UNTOLD]
    assert sorted(named) == sorted(SERIAL_PROTOCOLS)


@pytest.mark.parametrize("protocol", WITHOUT_IDS)
@given(data=st.binary(max_size=300))
def test_bytes_without_a_place_for_an_identity_stay_as_they_are(protocol: str, data: bytes) -> None:
    assert mask(protocol, data).data == data


@pytest.mark.parametrize("protocol", ["", "some_template", *UNTOLD])
def test_what_nobody_understands_is_refused(protocol: str) -> None:
    with pytest.raises(CannotMaskError):
        mask(protocol, b"whatever")


@pytest.mark.parametrize("name", BUILDS)
@given(identity=identities)
def test_a_sound_frame_loses_its_identity_and_nothing_else(name: str, identity: str) -> None:
    protocol, build = BUILDS[name]
    data = build(identity)
    found = mask(protocol, data)
    assert len(found.data) == len(data)
    assert found.fields or found.not_understood
    assert not remains(identity, found.data, 3)
    before, after = events(protocol, data), events(protocol, found.data)
    assert [without_identity(event) for event in after] == [
        without_identity(event) for event in before
    ]
    read = SERIAL_PROTOCOLS[protocol].measured
    assert [read(event) for event in after] == [read(event) for event in before]


@pytest.mark.parametrize("name", BUILDS)
@given(identity=identities, data=st.data(), before=noise, after=noise)
def test_a_damaged_frame_loses_it_too(
    name: str, identity: str, data: st.DataObject, before: bytes, after: bytes
) -> None:
    protocol, build = BUILDS[name]
    sound = build(identity)
    at = data.draw(st.integers(0, len(sound) - 1))
    new = data.draw(st.binary(max_size=2))
    assume(new != sound[at : at + 1])
    damaged = before + sound[:at] + new + sound[at + 1 :] + after
    found = mask(protocol, damaged)
    assert len(found.data) == len(damaged)
    assert not remains(identity, found.data)


WORDS = ["NEGATIVE", "not detected", "12,5", "<=0.5", "2+"]


@pytest.mark.parametrize("value", WORDS)
@given(identity=identities)
def test_a_result_without_a_status_and_one_in_words_stay(value: str, identity: str) -> None:
    row = f"R|1|^^^HB|{value}|g/dL||L||||||20261122081455"
    named = row.replace("|||||20", f"|||{identity}||20")
    kept = mask("astm_e1381", astm_frames(f"H|\\^&|||HB\r{row}\rL|1|N\r", 300)).data
    assert row.encode() in kept
    lost = mask("astm_e1381", astm_frames(f"H|\\^&|||HB\r{named}\rL|1|N\r", 300)).data
    assert not remains(identity, lost)
    assert value.encode() not in lost
    text = f"MSH|^~\\&|MON|BED1|||2026||ORU^R01|77|P|2.3\rOBX|1|ST|HB||{value}||||||\r"
    sent = b"\x0b" + text.encode() + b"\x1c"
    assert mask("hl7_mllp", sent).data == sent


@pytest.mark.parametrize("identity", ["19631224", "48213057", "K98765L"])
@pytest.mark.parametrize("damage", [(b"||%s||", b"|\xb6\xc6%s||"), (b"|%s||", b"|%s\xb6\xc6|")])
def test_two_bytes_with_the_sum_of_a_separator_let_no_operator_through(
    identity: str, damage: tuple[bytes, bytes]
) -> None:
    """B6 C6 in place of one `|` keep the sum of 8 bits, and the fields of the result shift."""
    sound = astm(identity)
    old, new = (part % identity.encode() for part in damage)
    assert sum8(old) == sum8(new)
    start = sound.index(b"F|") + 1
    damaged = sound[:start] + sound[start:].replace(old, new, 1)
    assert damaged != sound
    assert not remains(identity, mask("astm_e1381", damaged).data)


@given(identity=identities, data=st.data())
def test_damage_that_no_checksum_shows_lets_no_identity_through(
    identity: str, data: st.DataObject
) -> None:
    """The frames are made of records that are damaged already, so that every sum is right."""
    records = astm_records(identity).encode("latin-1")
    at = data.draw(st.integers(0, len(records) - 1))
    new = data.draw(st.one_of(st.sampled_from([b"", b"|", b"||", b"\r"]), st.binary(max_size=2)))
    assume(new != records[at : at + 1])
    damaged = framed(records[:at] + new + records[at + 1 :])
    assert not remains(identity, mask("astm_e1381", damaged).data)


@pytest.mark.parametrize("name", BUILDS)
@given(identity=identities, data=st.data())
def test_a_piece_of_a_frame_tells_nothing(name: str, identity: str, data: st.DataObject) -> None:
    protocol, build = BUILDS[name]
    sound = build(identity)
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, len(sound)))
    found = mask(protocol, sound[start:end])
    assert len(found.data) == end - start
    assert not remains(identity, found.data)


@pytest.mark.parametrize("protocol", MASKERS)
@given(data=st.binary(max_size=300))
def test_any_bytes_keep_their_length_and_shape(protocol: str, data: bytes) -> None:
    found = mask(protocol, data)
    assert len(found.data) == len(data)
    assert found == mask(protocol, data)


@pytest.mark.parametrize("protocol", MASKERS)
def test_the_public_captures_are_understood_to_the_letter(protocol: str) -> None:
    """What the vectors hold beside an identity stays; damaged ones stay damaged."""
    for vector in VECTORS:
        if vector["protocol"] != protocol or vector.get("direction") == "host->device":
            continue
        data = bytes.fromhex("".join(vector["chunks"]))
        before, after = events(protocol, data), events(protocol, mask(protocol, data).data)
        assert [e.fields.get("kind") for e in after] == [e.fields.get("kind") for e in before]


def test_a_broken_check_stays_broken() -> None:
    data = bytearray(tm2657("123456"))
    data[-1] ^= 0x10
    found = mask("ad_tm2655", bytes(data))
    assert [event.fields["kind"] for event in events("ad_tm2655", found.data)] == ["bad_checksum"]


def test_an_identity_over_two_frames_and_a_repeated_frame_are_masked() -> None:
    frames = astm_frames("P|1|4711|SECRET-98765|KHAN^ALI\r", size=15)
    second = re.search(rb"\x022.*?\r\n", frames, re.DOTALL)
    assert second
    repeated = frames.replace(second[0], second[0] * 2)
    found = mask("astm_e1381", repeated)
    assert not re.search(rb"4711|SECR|987|65\||KHAN|ALI", found.data)
    kinds = [event.name for event in events("astm_e1381", found.data)]
    assert kinds == [event.name for event in events("astm_e1381", repeated)]
    assert "duplicate" in kinds


def test_a_result_that_is_a_sentence_is_masked() -> None:
    message = hl7("1234567").replace(b"|NM|718-7^Hb||11.8|", b"|ST|718-7^Hb||seen by Dr Khan 5512|")
    assert b"Khan" not in mask("hl7_mllp", message).data
    assert b"5512" not in mask("hl7_mllp", message).data
