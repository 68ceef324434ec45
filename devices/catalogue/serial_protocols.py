"""The serial protocols that a box understands, one row each with all its facts side by side.

A new protocol is one file in `devices/protocols` and one row here; docs/how-to says the rest. Only
its virtual twin is registered elsewhere, in `devices.simulators.roster`: a box does not load that.
Registration is explicit: nothing is scanned for or imported by name.
"""

from __future__ import annotations

from devices.catalogue.evidence import Evidence
from devices.catalogue.protocol_row import (
    NO_PROOF,
    SOUND_FRAMES,
    WHOLE_RESULT,
    ProtocolRow,
    WithoutMasker,
    unchecked_run,
)
from devices.deidentify import CannotMaskError, MaskedBytes, kiosks, laboratory, scales
from devices.driver import Session
from devices.protocols import (
    ad_scale,
    ad_tm2655,
    ad_ua767pc,
    astm_e1381,
    berry_pm6750,
    cms50,
    cms50_v7,
    datex_s5,
    freestyle_optium,
    gtech_gl310,
    healthometer,
    hl7_mllp,
    lepu_aa55,
    masimo_ascii1,
    medlab_nibp2020,
    nellcor_n595,
    nonin,
    omron_hbp,
    onetouch_ultra2,
    onetouch_ultraeasy,
    sd_codefree,
    suntech_nibp,
    taidoc_51,
    tanita_csv,
    terumo_bp500,
)
from devices.protocols.laboratory import Site
from devices.sessions.analyser import Hl7Session, WallClock, no_clock
from devices.sessions.astm_analyser import AstmSession
from devices.sessions.berry_pm6750 import session as berry_pm6750_session
from devices.sessions.cms50_v7 import session as cms50_v7_session
from devices.sessions.freestyle_optium import session as freestyle_optium_session
from devices.sessions.medlab_nibp2020 import session as medlab_nibp2020_session
from devices.sessions.nonin_df13 import session as nonin_df13_session
from devices.sessions.onetouch_ultra2 import session as onetouch_ultra2_session
from devices.sessions.onetouch_ultraeasy import session as onetouch_ultraeasy_session
from devices.sessions.sd_codefree import session as sd_codefree_session
from devices.sessions.suntech_nibp import session as suntech_nibp_session
from devices.sessions.taidoc_51 import session as taidoc_51_session
from edge.model.reading import Repeats

SERIAL_ROWS: tuple[ProtocolRow, ...] = (
    ProtocolRow(
        protocol=ad_tm2655.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=kiosks.mask_tm2655,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=omron_hbp.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=kiosks.mask_omron,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=cms50.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=unchecked_run(60),
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=cms50_v7.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=unchecked_run(60),
        repeats=Repeats.NUMBERED,
        question=cms50_v7.QUESTION,
        session=cms50_v7_session,
    ),
    ProtocolRow(
        protocol=masimo_ascii1.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=nonin.PROTOCOL_DF2,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=nonin.PROTOCOL_DF8,
        evidence=Evidence.SINGLE,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=unchecked_run(12),
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=nonin.PROTOCOL_DF13,
        evidence=Evidence.SINGLE,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=WHOLE_RESULT,
        repeats=Repeats.HELD,
        session=nonin_df13_session,
    ),
    ProtocolRow(
        protocol=tanita_csv.PROTOCOL,
        evidence=Evidence.MANUAL,
        deidentify=scales.mask_tanita,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=ad_scale.PROTOCOL,
        evidence=Evidence.MANUAL,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=unchecked_run(2),
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=taidoc_51.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.WHOLE,
        question=taidoc_51.QUESTION,
        session=taidoc_51_session,
    ),
    ProtocolRow(
        protocol=onetouch_ultra2.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.WHOLE,
        question=onetouch_ultra2.QUESTION,
        session=onetouch_ultra2_session,
    ),
    ProtocolRow(
        protocol=onetouch_ultraeasy.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.WHOLE,
        session=onetouch_ultraeasy_session,
    ),
    ProtocolRow(
        protocol=suntech_nibp.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
        question=suntech_nibp.QUESTION,
        session=suntech_nibp_session,
        requests=("start-adult", "start-child", "start-newborn", "stop"),
    ),
    ProtocolRow(
        protocol=medlab_nibp2020.PROTOCOL,
        evidence=Evidence.CAPTURED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
        question=medlab_nibp2020.QUESTION,
        session=medlab_nibp2020_session,
        requests=("start-adult", "stop"),
    ),
    ProtocolRow(
        protocol=berry_pm6750.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
        session=berry_pm6750_session,
        requests=("start-adult", "stop"),
    ),
    ProtocolRow(
        protocol=astm_e1381.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=laboratory.mask_astm,
        listening=NO_PROOF,
        repeats=Repeats.MESSAGE,
        analyser=AstmSession,
    ),
    ProtocolRow(
        protocol=hl7_mllp.PROTOCOL,
        evidence=Evidence.STANDARD_ALONE,
        deidentify=laboratory.mask_hl7,
        listening=WHOLE_RESULT,
        repeats=Repeats.MESSAGE,
        analyser=Hl7Session,
    ),
    ProtocolRow(
        protocol=freestyle_optium.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.WHOLE,
        session=freestyle_optium_session,
    ),
    ProtocolRow(
        protocol=sd_codefree.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=SOUND_FRAMES,
        repeats=Repeats.WHOLE,
        session=sd_codefree_session,
    ),
    ProtocolRow(
        protocol=nellcor_n595.PROTOCOL,
        evidence=Evidence.SPECIFICATION,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=datex_s5.PROTOCOL,
        evidence=Evidence.AGREED,
        deidentify=WithoutMasker.NOT_KNOWN,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=terumo_bp500.PROTOCOL,
        evidence=Evidence.SINGLE,
        deidentify=kiosks.mask_terumo,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=lepu_aa55.PROTOCOL,
        evidence=Evidence.SINGLE,
        deidentify=WithoutMasker.NOT_KNOWN,
        listening=SOUND_FRAMES,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=ad_ua767pc.PROTOCOL,
        evidence=Evidence.SINGLE,
        deidentify=WithoutMasker.NO_IDENTITY,
        listening=NO_PROOF,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=gtech_gl310.PROTOCOL,
        evidence=Evidence.SINGLE,
        deidentify=scales.mask_gtech,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
    ProtocolRow(
        protocol=healthometer.PROTOCOL,
        evidence=Evidence.SINGLE,
        deidentify=scales.mask_healthometer,
        listening=WHOLE_RESULT,
        repeats=Repeats.NEVER,
    ),
)

_BY_NAME = {row.name: row for row in SERIAL_ROWS}


def serial_row(name: str) -> ProtocolRow | None:
    """Return the row of a protocol by its name."""
    return _BY_NAME.get(name)


def session_for(
    protocol: str, site: Site | None = None, wall: WallClock = no_clock
) -> Session | None:
    """Return a new session of a protocol; None for one that is only listened to.

    `site` is what was written down for an analyser, `wall` tells the box's local time.
    """
    row = serial_row(protocol)
    if row is None:
        return None
    if row.analyser is not None:
        return row.analyser(site or Site(), wall)
    return None if row.session is None else row.session()


def requests_of(protocol: str) -> tuple[str, ...]:
    """Return what a person may ask of a device, of `edge.equipment.device_requests.KINDS`."""
    row = serial_row(protocol)
    return () if row is None else row.requests


def mask(protocol: str, data: bytes) -> MaskedBytes:
    """Return the bytes without identities, of the same length; raises `CannotMaskError`."""
    row = serial_row(protocol)
    if row is None or row.deidentify is WithoutMasker.NOT_KNOWN:
        whose = protocol or "an unknown protocol"
        raise CannotMaskError(f"nobody can say where the bytes of {whose} hold an identity")
    if row.deidentify is WithoutMasker.NO_IDENTITY:
        return MaskedBytes(data)
    return row.deidentify(data)
