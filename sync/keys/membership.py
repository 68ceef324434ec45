"""What makes a box a member of a hospital: its keys, its certificate, the hospital's public keys.

All of it lies in the box's `keys/` folder. Each file is replaced in one step, and the settings
name the broker last, so a power cut leaves a box that is enrolled or one that is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edge.settings.box_settings import Settings
from edge.store import durable
from sync.keys.enrolment import Grant
from sync.keys.keys import TLS_FILE, BoxKeys, KeyFileError, PublicKeys, certificate_name
from sync.link.transport import Address, Tls

CERTIFICATE_FILE = "box.crt"
CA_FILE = "ca.crt"
HOSPITAL_FILE = "hospital.json"


@dataclass(frozen=True, slots=True)
class Membership:
    """Everything a courier needs to connect to its hospital."""

    box_id: str
    address: Address
    tls: Tls
    keys: BoxKeys
    hospital: PublicKeys


def load(settings: Settings) -> Membership | None:
    """Return the box's membership, None before enrolment; raises `KeyFileError`."""
    folder = settings.keys
    if settings.broker_host is None or not (folder / CERTIFICATE_FILE).exists():
        return None
    _require_own(settings)
    return Membership(
        settings.box_id,
        Address(settings.broker_host, settings.broker_port),
        Tls(folder / CA_FILE, folder / CERTIFICATE_FILE, folder / TLS_FILE),
        BoxKeys.load(folder),
        _hospital(folder / HOSPITAL_FILE),
    )


def _require_own(settings: Settings) -> None:
    """Raise `KeyFileError` when the certificate is another box's."""
    name = certificate_name((settings.keys / CERTIFICATE_FILE).read_bytes())
    if name != settings.box_id:
        text = f"the keys are those of box {name}, and this is box {settings.box_id}"
        raise KeyFileError(f"{text}: put its own back, or enrol it again with a claim")


def keep(folder: Path, grant: Grant) -> None:
    """Store what the hospital granted in the `keys/` folder; raises `OSError`."""
    hospital = {"sign": grant.sign_key.hex(), "decrypt": grant.decrypt_key.hex()}
    durable.replace(folder / CA_FILE, grant.ca.encode("ascii"), durable.EVERYBODY_READS)
    durable.replace(
        folder / HOSPITAL_FILE,
        json.dumps(hospital, indent=1).encode("ascii"),
        durable.EVERYBODY_READS,
    )
    durable.replace(
        folder / CERTIFICATE_FILE, grant.certificate.encode("ascii"), durable.EVERYBODY_READS
    )


def follow_key(folder: Path, decrypt: bytes) -> None:
    """Seal to the hospital's new key from now on; raises `KeyFileError` or `OSError`."""
    before = _hospital(folder / HOSPITAL_FILE)
    hospital = {"sign": before.sign.hex(), "decrypt": decrypt.hex()}
    durable.replace(
        folder / HOSPITAL_FILE,
        json.dumps(hospital, indent=1).encode("ascii"),
        durable.EVERYBODY_READS,
    )


def _hospital(file: Path) -> PublicKeys:
    try:
        body = json.loads(file.read_text(encoding="ascii"))
        return PublicKeys(bytes.fromhex(body["sign"]), bytes.fromhex(body["decrypt"]))
    except OSError as error:
        raise KeyFileError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise KeyFileError(f"{file} is damaged: it does not hold the hospital's keys") from error
