"""The serial models of the catalogue, one frozen row each.

A serial device is known by what it says, not by its cable. Nothing here was tried on hardware by
us; how sure each protocol is stands in `devices.catalogue.serial_protocols`.
"""

from __future__ import annotations

from decimal import Decimal

from devices.model import GlucoseRange, Model
from edge.model.reading import Kind


def _row(
    maker: str,
    name: str,
    title: str,
    protocol: str,
    *kinds: Kind,
    usb_ids: tuple[str, ...] = (),
    reads: GlucoseRange | None = None,
) -> Model:
    return Model(
        name=name,
        manufacturer=maker,
        title=title,
        kinds=kinds,
        link="serial",
        protocol=protocol,
        usb_ids=usb_ids,
        glucose_range=reads,
    )


def _reads(low: int, high: int, source: str) -> GlucoseRange:
    return GlucoseRange(Decimal(low), Decimal(high), source)


SERIAL_MODELS: tuple[Model, ...] = (
    _row(
        "A&D",
        "TM-2657",
        "Blood-pressure kiosk",
        "ad_tm2655",
        Kind.BLOOD_PRESSURE,
        usb_ids=("067b:2303",),
    ),
    _row(
        "Contec", "CMS50D+", "Finger oximeter", "cms50_5byte", Kind.OXIMETRY, usb_ids=("10c4:ea60",)
    ),
    _row("Omron", "HBP-9030", "Blood-pressure kiosk", "omron_hbp", Kind.BLOOD_PRESSURE),
    _row("Omron", "HBP-9020", "Blood-pressure kiosk", "omron_hbp", Kind.BLOOD_PRESSURE),
    _row("Terumo", "ES-P2020", "Blood-pressure kiosk", "terumo_bp500", Kind.BLOOD_PRESSURE),
    _row("Masimo", "Rad-8", "Pulse oximeter", "masimo_ascii1", Kind.OXIMETRY),
    _row("Masimo", "Rad-87", "Pulse oximeter", "masimo_ascii1", Kind.OXIMETRY),
    _row("Nellcor", "N-595", "Pulse oximeter", "nellcor_n595", Kind.OXIMETRY),
    _row("Nonin", "Xpod", "Pulse oximeter", "nonin_df2", Kind.OXIMETRY),
    _row(
        "Tanita",
        "SC-240",
        "Body composition scale",
        "tanita_csv",
        Kind.WEIGHT,
        Kind.BODY_COMPOSITION,
    ),
    _row("Tanita", "WB-3000", "Weight scale", "tanita_csv", Kind.WEIGHT),
    _row("Tanita", "BD-815U", "Weight scale", "tanita_csv", Kind.WEIGHT),
    _row("A&D", "Standard format scale", "Weight scale", "ad_scale", Kind.WEIGHT),
    _row("Health o meter", "500KL", "Weight scale", "healthometer", Kind.WEIGHT, Kind.HEIGHT),
    _row("G-Tech", "GL-310", "Height and weight station", "gtech_gl310", Kind.WEIGHT, Kind.HEIGHT),
    _row("Contec", "CMS50E", "Finger oximeter with memory", "cms50_v7", Kind.OXIMETRY),
    _row("Contec", "CMS50D+ 4.6", "Finger oximeter, firmware from 4.6", "cms50_v7", Kind.OXIMETRY),
    _row("Nonin", "9560", "Finger oximeter, spot check", "nonin_df13", Kind.OXIMETRY),
    _row("Nonin", "OEM III", "Oximeter board, data format 8", "nonin_df8", Kind.OXIMETRY),
    _row("TaiDoc", "TD-3128", "Blood-pressure meter with memory", "taidoc_51", Kind.BLOOD_PRESSURE),
    _row("TaiDoc", "TD-3140", "Blood-pressure meter with memory", "taidoc_51", Kind.BLOOD_PRESSURE),
    _row(
        "TaiDoc",
        "TD-4279",
        "Glucose meter; all TD-42xx, FORA and GlucoRx strips",
        "taidoc_51",
        Kind.GLUCOSE,
        Kind.LABORATORY,
        reads=_reads(20, 600, "TD-4279 owner's manual"),
    ),
    _row("TaiDoc", "TD-1241", "Ear thermometer with memory", "taidoc_51", Kind.TEMPERATURE),
    _row("TaiDoc", "TD-1261", "Forehead thermometer with memory", "taidoc_51", Kind.TEMPERATURE),
    _row("TaiDoc", "TD-8255", "Finger oximeter", "taidoc_51", Kind.OXIMETRY),
    _row(
        "LifeScan",
        "OneTouch Ultra2",
        "Glucose meter",
        "onetouch_ultra2",
        Kind.GLUCOSE,
        reads=_reads(20, 600, "OneTouch Ultra2 owner's booklet"),
    ),
    _row(
        "LifeScan",
        "OneTouch UltraEasy",
        "Glucose meter; also UltraMini",
        "onetouch_ultraeasy",
        Kind.GLUCOSE,
        reads=_reads(20, 600, "OneTouch UltraEasy owner's booklet"),
    ),
    _row(
        "Abbott",
        "FreeStyle Optium",
        "Glucose and ketone meter",
        "freestyle_optium",
        Kind.GLUCOSE,
        Kind.LABORATORY,
        reads=_reads(20, 500, "tidepool uploader 63: LO below 20, HI above 500"),
    ),
    _row(
        "SD Biosensor",
        "SD CodeFree",
        "Glucose meter",
        "sd_codefree",
        Kind.GLUCOSE,
        reads=_reads(10, 600, "SD CodeFree owner's manual"),
    ),
    _row(
        "SunTech",
        "Advantage",
        "Blood-pressure module, started by a worker",
        "suntech_nibp",
        Kind.BLOOD_PRESSURE,
    ),
    _row(
        "Medlab",
        "NIBP2020",
        "Blood-pressure module, started by a worker",
        "medlab_nibp2020",
        Kind.BLOOD_PRESSURE,
    ),
    _row(
        "Medlab",
        "NIBP2020 SpO2",
        "Blood-pressure module with oximeter",
        "medlab_nibp2020",
        Kind.BLOOD_PRESSURE,
        Kind.OXIMETRY,
    ),
    _row(
        "Berry",
        "PM6750",
        "Multi-parameter board: oximeter, and a cuff started by a worker",
        "berry_pm6750",
        Kind.BLOOD_PRESSURE,
        Kind.OXIMETRY,
    ),
    _row(
        "Generic",
        "ASTM analyser",
        "Laboratory analyser; needs the site's map of tests",
        "astm_e1381",
        Kind.LABORATORY,
    ),
    _row(
        "Generic",
        "HL7 analyser",
        "Laboratory analyser; needs the site's map of tests",
        "hl7_mllp",
        Kind.LABORATORY,
    ),
    _row("A&D", "UA-767PC", "Blood-pressure meter", "ad_ua767pc", Kind.BLOOD_PRESSURE),
    _row("Datex-Ohmeda", "S/5", "Bedside monitor, frames only", "datex_s5", Kind.BLOOD_PRESSURE),
    _row("Lepu", "AA55 board", "Multi-parameter board, packets only", "lepu_aa55", Kind.OXIMETRY),
)
