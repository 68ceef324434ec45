"""How sure we are of each protocol: what stands behind it, in words that a technician can weigh.

Nothing here was tried on hardware by us. A new protocol or characteristic family is one row.
"""

from __future__ import annotations

from enum import StrEnum


class Evidence(StrEnum):
    """What a decoder was written from."""

    CAPTURED = "two independent sources agree, with a public capture or test"
    AGREED = "two independent sources agree"
    MANUAL = "the maker's manual"
    SPECIFICATION = "the specification file of one public project"
    SINGLE = "one unofficial source, or an inference"
    STANDARD = "public standard; other decoders agree on test values"
    STANDARD_ALONE = "public standard; few or no other decoders to compare with"
    COMMUNITY = "no specification; several community decoders agree"


SERIAL_EVIDENCE: dict[str, Evidence] = {
    "ad_tm2655": Evidence.CAPTURED,
    "omron_hbp": Evidence.AGREED,
    "cms50_5byte": Evidence.AGREED,
    "cms50_v7": Evidence.CAPTURED,
    "masimo_ascii1": Evidence.CAPTURED,
    "nonin_df2": Evidence.CAPTURED,
    "nonin_df8": Evidence.SINGLE,
    "nonin_df13": Evidence.SINGLE,
    "tanita_csv": Evidence.MANUAL,
    "ad_scale": Evidence.MANUAL,
    "taidoc_51": Evidence.CAPTURED,
    "onetouch_ultra2": Evidence.CAPTURED,
    "onetouch_ultraeasy": Evidence.CAPTURED,
    "suntech_nibp": Evidence.CAPTURED,
    "medlab_nibp2020": Evidence.CAPTURED,
    "berry_pm6750": Evidence.AGREED,
    "astm_e1381": Evidence.AGREED,
    "hl7_mllp": Evidence.STANDARD_ALONE,
    "freestyle_optium": Evidence.AGREED,
    "sd_codefree": Evidence.AGREED,
    "nellcor_n595": Evidence.SPECIFICATION,
    "datex_s5": Evidence.AGREED,
    "terumo_bp500": Evidence.SINGLE,
    "lepu_aa55": Evidence.SINGLE,
    "ad_ua767pc": Evidence.SINGLE,
    "gtech_gl310": Evidence.SINGLE,
    "healthometer": Evidence.SINGLE,
}

BLE_EVIDENCE: dict[str, Evidence] = {
    "blood_pressure": Evidence.STANDARD,
    "pulse_oximeter": Evidence.STANDARD,
    "health_thermometer": Evidence.STANDARD,
    "weight_scale": Evidence.STANDARD,
    "body_composition": Evidence.STANDARD,
    "heart_rate": Evidence.STANDARD,
    "glucose": Evidence.STANDARD_ALONE,
    "record_access": Evidence.STANDARD_ALONE,
    "glucose_monitor": Evidence.STANDARD_ALONE,
    "mi_scale": Evidence.COMMUNITY,
    "battery": Evidence.STANDARD,
    "current_time": Evidence.STANDARD_ALONE,
}
