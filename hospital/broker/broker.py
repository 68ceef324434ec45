"""The MQTT broker's configuration: who may connect, publish and subscribe on which topic.

Mosquitto is the broker to deploy: each box connects with its certificate, whose common name
becomes both its user name and its client id, and may write only below `cs/1/u/{box}` and read only
below `cs/1/d/{box}`. Without `use_username_as_clientid` one box could take another's connection
over. The receive worker may have a listener of its own, on the loopback address.

The embedded broker (rumqttd inside iotcore) is for a laptop and the demo. Its connections are
encrypted and a box checks whom it speaks to, but as built it asks NO client for a certificate, has
NO topic rules, binds NO client ids and reads NO revocation list. It is therefore held to the
loopback address. Even there nobody can read or forge a frame: they are sealed and signed, and the
receive worker refuses what is not from an enrolled box. `limits` says so wherever the broker's
state is shown.
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hospital.archive.errors import BrokerError
from hospital.archive.settings import HospitalSettings
from hospital.fleet.authority import WORKER, Authority
from sync.link.transport import Address, Tls

MAX_PACKET_BYTES = 128 * 1024
"""A frame is at most 64 KiB; topic and properties come on top."""

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"

_RULES = f"""# Written by Healthpost. User names are the certificates' common names.
pattern write cs/1/u/%u/#
pattern read cs/1/d/%u/#

user {WORKER}
topic read cs/1/u/#
topic write cs/1/d/#
"""

_MOSQUITTO = """# Written by Healthpost; changes are lost. Valid for Mosquitto 2.0.11 and later.
# Nothing is persistent on purpose: custody passes by the hospital's signed receipts alone.
user {user}
per_listener_settings true
persistence false
max_queued_messages 10000
max_inflight_messages 20
max_packet_size {max_packet}
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages false
"""

_LISTENER = """
# {what}
listener {port} {host}
cafile {root}
certfile {certificate}
keyfile {key}
crlfile {crl}
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {rules}
"""

_RUMQTTD = """# Written by Healthpost; changes are lost. Topic rules do not exist in this broker.
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "boxes"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.tls]
capath = "{root}"
certpath = "{certificate}"
keypath = "{key}"

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {max_packet}
max_inflight_count = 100
"""


@dataclass(frozen=True, slots=True)
class PreparedBroker:
    """A broker that is ready to run: its configuration, and the command (empty when external)."""

    config: Path
    command: Sequence[str]


def limits(settings: HospitalSettings) -> tuple[str, ...]:
    """Return in plain words what this broker does not enforce; nothing for Mosquitto."""
    if settings.broker != "iotcore":
        return ()
    return (
        "The embedded broker checks no client certificates and has no topic rules, so it listens"
        " on this machine alone. Use Mosquitto for more than a trial.",
    )


def prepare(settings: HospitalSettings, authority: Authority, now: datetime) -> PreparedBroker:
    """Write certificates, rules and configuration; raises `BrokerError`."""
    folder = settings.home / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    if settings.broker == "iotcore":
        _keep_to_loopback(settings.broker_listen)
        _quotable(folder, authority.root_file)
    certificate, key = authority.server_files(folder, settings.names, now)
    if settings.broker == "iotcore":
        config = folder / "rumqttd.toml"
        config.write_text(_rumqttd(settings, authority, certificate, key), encoding="utf-8")
        return PreparedBroker(config, _embedded(config))
    rules = folder / "rules.acl"
    rules.write_text(_RULES, encoding="utf-8")
    rules.chmod(0o600)
    config = folder / "mosquitto.conf"
    config.write_text(_mosquitto(settings, authority, certificate, key), encoding="utf-8")
    if settings.broker == "external":
        return PreparedBroker(config, ())
    return PreparedBroker(config, (_mosquitto_program(), "-c", str(config)))


def certify_worker(settings: HospitalSettings, authority: Authority, now: datetime) -> None:
    """Give the receive worker a fresh certificate; it never needs the authority itself."""
    authority.worker_files(settings.home / "worker", now)


def worker_link(settings: HospitalSettings) -> tuple[Address, Tls]:
    """Return where the receive worker connects, and its files."""
    own = settings.home / "worker"
    tls = Tls(settings.authority / "ca.crt", own / "worker.crt", own / "worker.key")
    return Address(settings.worker_host, settings.worker_port), tls


def _mosquitto(
    settings: HospitalSettings, authority: Authority, certificate: Path, key: Path
) -> str:
    listeners = [("For the boxes.", settings.broker_listen, settings.broker_port)]
    if settings.worker_port != settings.broker_port:
        own = "For the receive worker, on this machine."
        listeners.append((own, settings.worker_host, settings.worker_port))
    # Started as root, Mosquitto would become a user who cannot read our keys.
    head = _MOSQUITTO.format(user=pwd.getpwuid(os.getuid()).pw_name, max_packet=MAX_PACKET_BYTES)
    return head + "".join(
        _LISTENER.format(
            what=what,
            host=host,
            port=port,
            root=authority.root_file,
            crl=authority.crl_file,
            certificate=certificate,
            key=key,
            rules=settings.home / "broker" / "rules.acl",
        )
        for what, host, port in listeners
    )


def _rumqttd(settings: HospitalSettings, authority: Authority, certificate: Path, key: Path) -> str:
    return _RUMQTTD.format(
        host=settings.broker_listen,
        port=settings.broker_port,
        root=authority.root_file,
        certificate=certificate,
        key=key,
        max_packet=MAX_PACKET_BYTES,
    )


def _embedded(config: Path) -> Sequence[str]:
    return (sys.executable, "-m", "hospital.broker.embedded_broker", str(config))


def _mosquitto_program() -> str:
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")
    if found is None:
        raise BrokerError('Mosquitto is not installed; install it or set broker.kind = "iotcore"')
    return found


def _keep_to_loopback(host: str) -> None:
    try:
        safe = ipaddress.ip_address(host).is_loopback
    except ValueError:
        safe = host == "localhost"
    if not safe:
        raise BrokerError(
            f"the embedded broker checks no certificates and cannot listen on {host};"
            ' set broker.kind = "mosquitto"'
        )


def _quotable(*paths: Path) -> None:
    for path in paths:
        if any(c in str(path) for c in '"\\\n'):
            raise BrokerError(f"the embedded broker cannot have files in {path}")
