"""A real Mosquitto over TLS with client certificates and topic rules, to start and to kill."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from eventually import eventually

from hospital.fleet.authority import Authority
from sync.link.transport import Address, Tls

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

_RULES = """user hospital
topic readwrite cs/1/#

pattern write cs/1/u/%u/#
pattern read cs/1/d/%u/#
"""

_CONFIG = """user root
persistence false
per_listener_settings false
allow_anonymous false
max_inflight_messages 20
max_queued_messages 10000
log_dest file {folder}/broker.log
connection_messages true
acl_file {folder}/rules
listener {port} 127.0.0.1
cafile {ca}
certfile {certificate}
keyfile {key}
crlfile {crl}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.2
"""


class Broker:
    """A broker in a folder of its own, with the authority that knows its clients."""

    def __init__(self, folder: Path, names: tuple[str, ...] = ("localhost", "127.0.0.1")) -> None:
        self.folder = folder
        self.port = free_port()
        self.authority = Authority.create(folder / "ca", "Test", datetime.now(UTC))
        self._names = names
        self._process: subprocess.Popen[bytes] | None = None
        certificate, key = self.authority.server_files(folder, names, datetime.now(UTC))
        (folder / "rules").write_text(_RULES)
        (folder / "rules").chmod(0o600)
        self._config = folder / "broker.conf"
        self._config.write_text(
            _CONFIG.format(
                folder=folder,
                port=self.port,
                ca=self.authority.root_file,
                certificate=certificate,
                key=key,
                crl=self.authority.crl_file,
            )
        )

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port)

    def start(self) -> None:
        assert MOSQUITTO is not None
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)])
        eventually(self._listens)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def log(self) -> str:
        return (self.folder / "broker.log").read_text()

    def worker(self) -> Tls:
        """The files of a client that may read and write everything."""
        certificate, key = self.authority.worker_files(self.folder / "worker", datetime.now(UTC))
        return Tls(self.authority.root_file, certificate, key)

    def box(self, box_id: str) -> Tls:
        """The files of an enrolled box."""
        return client_files(self.authority, self.folder / box_id, box_id)

    def revoke(self, tls: Tls) -> None:
        serial = x509.load_pem_x509_certificate(tls.certificate.read_bytes()).serial_number
        self.authority.revoke(f"{serial:x}", datetime.now(UTC))

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def running(folder: Path, names: tuple[str, ...] = ("localhost", "127.0.0.1")) -> Iterator[Broker]:
    """Run a broker for the block; skips the test where Mosquitto is not installed."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    folder.mkdir(exist_ok=True)
    broker = Broker(folder, names)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def client_files(authority: Authority, folder: Path, name: str) -> Tls:
    """Make the files of a client of this name in a folder of its own."""
    folder.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    csr = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    signed = authority.sign_box(csr, name, datetime.now(UTC))
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "box.key").write_bytes(pem)
    (folder / "box.crt").write_bytes(signed.pem)
    return Tls(authority.root_file, folder / "box.crt", folder / "box.key")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
