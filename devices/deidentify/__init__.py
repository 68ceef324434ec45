"""Takes patients' identities out of captured bytes, before they are written anywhere. Pure.

Some devices send an ID that somebody typed or scanned: Omron, Terumo and A&D kiosks, Tanita scales,
analysers. Masking keeps every length; a frame whose check was right keeps a right check, a broken
one stays broken. It fails closed: what is not understood to the letter loses all its letters and
digits, because an ID may stand in it. A new protocol must be named in one of the three tables here.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.deidentify.kiosks import mask_omron, mask_terumo, mask_tm2655
from devices.deidentify.laboratory import mask_astm, mask_hl7
from devices.deidentify.scales import mask_gtech, mask_healthometer, mask_tanita
from devices.deidentify.text import Masked

__all__ = ["MASKERS", "UNTOLD", "WITHOUT_IDS", "CannotMaskError", "Masked", "mask"]

MASKERS: dict[str, Callable[[bytes], Masked]] = {
    "ad_tm2655": mask_tm2655,
    "omron_hbp": mask_omron,
    "terumo_bp500": mask_terumo,
    "tanita_csv": mask_tanita,
    "gtech_gl310": mask_gtech,
    "healthometer": mask_healthometer,
    "astm_e1381": mask_astm,
    "hl7_mllp": mask_hl7,
}

WITHOUT_IDS = frozenset(
    {
        "cms50_5byte",
        "cms50_v7",
        "masimo_ascii1",
        "nonin_df2",
        "nonin_df8",
        "nonin_df13",
        "ad_scale",
        "taidoc_51",
        "onetouch_ultra2",
        "onetouch_ultraeasy",
        "suntech_nibp",
        "medlab_nibp2020",
        "berry_pm6750",
        "freestyle_optium",
        "sd_codefree",
        "nellcor_n595",
        "ad_ua767pc",
    }
)
"""Protocols with no place for a patient's identity; serial numbers are the device's own."""

UNTOLD = frozenset({"datex_s5", "lepu_aa55"})
"""Protocols whose contents are not known well enough to say where an identity may stand."""


class CannotMaskError(ValueError):
    """Nobody can say where these bytes hold an identity."""


def mask(protocol: str, data: bytes) -> Masked:
    """Return the bytes without identities, of the same length; raises `CannotMaskError`."""
    if protocol in WITHOUT_IDS:
        return Masked(data)
    masker = MASKERS.get(protocol)
    if masker is None:
        whose = protocol or "an unknown protocol"
        raise CannotMaskError(f"nobody can say where the bytes of {whose} hold an identity")
    return masker(data)
