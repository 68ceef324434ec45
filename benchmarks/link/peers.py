"""The peers: what a user would pick instead, on the same readings, with its correctness beside it.

Each takes the readings in while its upstream is away, then drains when it is back. `kill` ends the
peer with -9 halfway through the drain; a peer that loses or doubles then has no figure that counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.link import meter
from benchmarks.link.readings import lines

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "healthpost-bench"
HERE = Path(__file__).parent
TOPIC = "clinic/0042/vitals"
FIELDS = ("id", "box", "patient", "code", "unit", "qual", "op")
NUMBERS = ("sys", "dia", "map", "pulse", "seq")
WITHIN_S = 300
QUIET_S = 20.0
"""A peer that brings nothing new for so long is taken to be done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One peer's run."""

    readings: int
    accept_rate: float
    drain_rate: float
    wire_per_reading: float
    cpu_ms_per_reading: float
    lost: int
    doubled: int

    @property
    def counts(self) -> bool:
        """Whether nothing was lost and nothing doubled."""
        return self.lost == 0 and self.doubled == 0


class Broker:
    """A plain mosquitto with a persistent queue, to stop and to start."""

    def __init__(self, folder: Path, extra: str = "") -> None:
        folder.mkdir(parents=True)
        self.port = meter.free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            "max_queued_messages 0\nmax_queued_bytes 0\nset_tcp_nodelay true\n"
            f"persistence true\npersistence_location {folder}/\n{extra}\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        meter.wait(lambda: meter.listens(self.port), 20, "mosquitto")

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None


class Upstream:
    """The hospital of the MQTT peers: a broker, and a subscriber that writes what comes."""

    def __init__(self, folder: Path, topic: str) -> None:
        self.broker = Broker(folder)
        self.broker.start()
        self.relay = meter.Relay(self.broker.port)
        self.file = folder / "got"
        self._topic = topic
        self._subscriber: subprocess.Popen[bytes] | None = None
        self._listen()

    def _listen(self) -> None:
        command = ["mosquitto_sub", "-p", str(self.broker.port), "-q", "1", "-c", "-i", "hub"]
        self._subscriber = subprocess.Popen(
            [*command, "-t", self._topic], stdout=self.file.open("ab"), stderr=subprocess.DEVNULL
        )
        time.sleep(0.5)

    def lines(self) -> list[str]:
        return self.file.read_text(errors="replace").splitlines()

    def away(self) -> None:
        self.broker.stop()

    def back(self) -> None:
        self.broker.start()

    def close(self) -> None:
        if self._subscriber is not None:
            self._subscriber.kill()
            self._subscriber.wait()
        self.broker.stop()
        self.relay.close()


class Peer(ABC):
    """One peer in a folder of its own."""

    topic = "clinic/#"

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.count = count
        self.texts = lines(count)
        self.feed = folder / "feed"
        folder.mkdir(parents=True)
        self.feed.write_text("\n".join(self.texts) + "\n")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.spent: dict[int, float] = {}

    def run(self, *, kill: bool) -> Outcome:
        """Accept, drain, count; raises `TimeoutError`."""
        try:
            return self._run(kill)
        finally:
            for process in self.processes:
                process.kill()
                process.wait()
            self.close()

    def _run(self, kill: bool) -> Outcome:
        begin = time.monotonic()
        self.accept()
        accepted = time.monotonic() - begin
        wire = self.wire()
        worker = self.drain()
        meter.wait(lambda: self.arrived() > 0, WITHIN_S, "the first reading")
        begin = time.monotonic()  # a peer may take seconds to find its broker again
        left = self.count - self.arrived()  # what came before the clock started does not count
        if kill:
            meter.wait(lambda: self.arrived() >= self.count // 2, WITHIN_S, "half")
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            self.drain()
        took = max(self._finish() - begin, meter.POLL_S)
        ids = Counter(self.ids())
        wanted = Counter(json.loads(text)["id"] for text in self.texts)
        return Outcome(
            self.count,
            self.count / accepted,
            left / took,
            (self.wire() - wire) / self.count,
            sum(self.spent.values()) / self.count * 1000,
            len(wanted - ids),
            sum((ids - wanted).values()),
        )

    def _finish(self) -> float:
        last, since = -1, time.monotonic()
        limit = since + WITHIN_S
        while time.monotonic() < limit:
            self.sample()
            now = self.arrived()
            if now != last:
                last, since = now, time.monotonic()
            done = now >= self.count
            if done or time.monotonic() - since > QUIET_S:
                return since
            time.sleep(meter.POLL_S)
        raise TimeoutError(type(self).__name__)

    def spawn(self, *command: str, **more: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more
        )
        self.processes.append(process)
        return process

    def sample(self) -> None:
        for process in self.processes:
            cpu = meter.cost([process.pid]).cpu_s
            self.spent[process.pid] = max(self.spent.get(process.pid, 0.0), cpu)

    def finished(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.sample()
            time.sleep(meter.POLL_S)

    @abstractmethod
    def accept(self) -> None:
        """Take all readings in while the upstream is away."""

    @abstractmethod
    def drain(self) -> subprocess.Popen[bytes]:
        """Let the upstream be there and start (again) what drains."""

    @abstractmethod
    def wire(self) -> int:
        """Bytes of both ways so far."""

    @abstractmethod
    def arrived(self) -> int:
        """How many readings are there."""

    @abstractmethod
    def ids(self) -> list[str]:
        """The ids that arrived, as often as they did."""

    @abstractmethod
    def close(self) -> None:
        """End what is left."""


class MqttPeer(Peer):
    """A peer whose upstream is a broker."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, count)
        self.up = Upstream(folder / "up", self.topic)

    def wire(self) -> int:
        return self.up.relay.total

    def arrived(self) -> int:
        return len(self.up.lines())

    def ids(self) -> list[str]:
        return [json.loads(line)["id"] for line in self.up.lines()]

    def close(self) -> None:
        self.up.close()


class Naive(MqttPeer):
    """paho and a SQLite outbox, one row at a time."""

    window = 1

    def accept(self) -> None:
        script, database = str(HERE / "naive_outbox.py"), str(self.folder / "db")
        self.finished(self.spawn(sys.executable, script, "accept", database, str(self.feed)))

    def drain(self) -> subprocess.Popen[bytes]:
        script, database = str(HERE / "naive_outbox.py"), str(self.folder / "db")
        port, window = str(self.up.relay.port), str(self.window)
        return self.spawn(sys.executable, script, "drain", database, port, window)


class Naive100(Naive):
    """The same with a hundred messages on the way."""

    window = 100


class Bridge(MqttPeer):
    """mosquitto to mosquitto, its database saved at every thousandth change."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, count)
        self.local = Broker(
            folder / "local",
            "autosave_on_changes true\nautosave_interval 1000\nconnection up\n"
            f"address 127.0.0.1:{self.up.relay.port}\ntopic clinic/# out 1\ncleansession false\n"
            "restart_timeout 1\nnotifications false\nremote_clientid bridge\n"
            "local_clientid bridge\nmax_inflight_messages 20",
        )

    def accept(self) -> None:
        self.local.start()
        time.sleep(1)
        self.up.away()
        command = ["mosquitto_pub", "-p", str(self.local.port), "-q", "1", "-l", "-t", TOPIC]
        with self.feed.open() as feed:
            subprocess.run(command, stdin=feed, check=True)
        self.sample()

    def drain(self) -> subprocess.Popen[bytes]:
        if self.up.broker.process is None:
            self.up.back()
        if self.local.process is None or self.local.process.poll() is not None:
            self.local.start()
        assert self.local.process is not None
        return self.local.process

    def sample(self) -> None:
        if self.local.process is not None:
            pid = self.local.process.pid
            self.spent[pid] = max(self.spent.get(pid, 0.0), meter.cost([pid]).cpu_s)

    def close(self) -> None:
        self.local.stop()
        super().close()


class ThingsBoard(MqttPeer):
    """thingsboard-gateway with SQLite storage, fed by MQTT."""

    topic = "v1/gateway/telemetry"

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, count)
        self.inlet = Broker(folder / "inlet")
        self._configure()

    def accept(self) -> None:
        self.inlet.start()
        self.spawn(sys.executable, str(HERE / "fake_thingsboard.py"), str(self.up.broker.port))
        self.gateway = self._start()
        meter.wait(self._is_ready, 90, "the gateway")
        time.sleep(3)
        self.up.away()
        command = ["mosquitto_pub", "-p", str(self.inlet.port), "-q", "1", "-l", "-t", TOPIC]
        with self.feed.open() as feed:
            subprocess.run(command, stdin=feed, check=True)
        self._settle()

    def drain(self) -> subprocess.Popen[bytes]:
        if self.up.broker.process is None:
            self.up.back()
        if self.gateway.poll() is not None:
            self.gateway = self._start()
        return self.gateway

    def arrived(self) -> int:
        return sum(line.count('"id"') for line in self.up.lines())

    def ids(self) -> list[str]:
        found: list[str] = []
        for line in self.up.lines():
            for rows in json.loads(line).values():
                found += [v["id"] for row in rows if "id" in (v := row.get("values", row))]
        return found

    def close(self) -> None:
        self.inlet.stop()
        super().close()

    def _settle(self) -> None:
        last, since = -1, time.monotonic()
        while last < self.count and time.monotonic() - since < QUIET_S:
            self.sample()
            now = self._stored()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(meter.POLL_S)

    def _stored(self) -> int:
        total = 0
        for file in (self.folder / "data").glob("*.db"):
            with contextlib.suppress(sqlite3.Error):
                database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)
                total += database.execute("select count(*) from messages").fetchone()[0]
                database.close()
        return total

    def _is_ready(self) -> bool:
        logs = [*(self.folder / "logs").glob("*"), self.folder / "out"]
        text = "".join(f.read_text(errors="replace") for f in logs if f.is_file())
        return "subscribed to" in text or "onnected to" in text

    def _start(self) -> subprocess.Popen[bytes]:
        begin = "from thingsboard_gateway.tb_gateway import main; main()"
        process = subprocess.Popen(
            [str(CACHE / "tb/bin/python"), "-c", begin],
            cwd=self.folder,
            env={
                **os.environ,
                "TB_GW_CONFIG_DIR": f"{self.folder}/config/",
                "TB_GW_LOGS_PATH": f"{self.folder}/logs",
            },
            stdout=(self.folder / "out").open("ab"),
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def _configure(self) -> None:
        package = next(CACHE.glob("tb/lib/*/site-packages/thingsboard_gateway"))
        config = self.folder / "config"
        for name in ("config", "logs", "data"):
            (self.folder / name).mkdir()
        whole = json.loads((package / "config/tb_gateway.json").read_text())
        hub = whole["thingsboard"]
        hub.update(host="127.0.0.1", port=self.up.relay.port, remoteConfiguration=False)
        hub["statistics"]["enable"] = False
        whole["storage"] = {
            "type": "sqlite",
            "data_file_path": f"{self.folder}/data/",
            "messages_ttl_check_in_hours": 1,
            "messages_ttl_in_days": 7,
            "max_read_records_count": 1000,
            "writing_batch_size": 1000,
            "size_limit": 1024,
        }
        whole["connectors"] = [{"type": "mqtt", "name": "MQTT In", "configuration": "mqtt.json"}]
        (config / "tb_gateway.json").write_text(json.dumps(whole))
        (config / "mqtt.json").write_text(json.dumps(self._mapping()))
        if (package / "config/logs.json").exists():
            shutil.copy(package / "config/logs.json", config / "logs.json")

    def _mapping(self) -> dict[str, Any]:
        keys = [("string", k) for k in FIELDS] + [("integer", k) for k in NUMBERS]
        converter = {
            "type": "json",
            "deviceInfo": {
                "deviceNameExpressionSource": "message",
                "deviceNameExpression": "${device}",
                "deviceProfileExpressionSource": "constant",
                "deviceProfileExpression": "bp",
            },
            "sendDataOnlyOnChange": False,
            "timeout": 60000,
            "attributes": [],
            "timeseries": [{"type": t, "key": k, "value": f"${{{k}}}"} for t, k in keys],
        }
        mapping = {"topicFilter": "clinic/+/vitals", "subscriptionQos": 1, "converter": converter}
        requests = ("connect", "disconnect", "attribute")
        nothing: dict[str, Any] = {f"{name}Requests": [] for name in requests}
        nothing |= {"attributeUpdates": [], "serverSideRpc": []}
        broker = {
            "host": "127.0.0.1",
            "port": self.inlet.port,
            "clientId": "gateway",
            "version": 5,
            "maxMessageNumberPerWorker": 10,
            "maxNumberOfWorkers": 100,
            "cleanSession": True,
            "cleanStart": True,
            "sessionExpiryInterval": 0,
            "security": {"type": "anonymous"},
        }
        return {"broker": broker, "mapping": [mapping], "requestsMapping": nothing}


class Pouch(Peer):
    """PouchDB on leveldb, replicated to an express-pouchdb hub: stored there, idempotent."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, count)
        self.port = meter.free_port()
        self.modules = str(CACHE / "node/node_modules")
        hub = (str(HERE / "pouch_hub.js"), self.modules, str(self.port), str(folder / "hub"))
        self.hub = self.spawn("node", *hub)
        meter.wait(lambda: meter.listens(self.port), 60, "the hub")
        self.relay = meter.Relay(self.port)

    def accept(self) -> None:
        self.finished(self._edge("accept", str(self.feed)))

    def drain(self) -> subprocess.Popen[bytes]:
        return self._edge("drain", f"http://127.0.0.1:{self.relay.port}/db/hub")

    def wire(self) -> int:
        return self.relay.total

    def arrived(self) -> int:
        return int(self._ask("").get("doc_count", 0))

    def ids(self) -> list[str]:
        return [row["id"] for row in self._ask("/_all_docs").get("rows", [])]

    def close(self) -> None:
        self.relay.close()

    def _edge(self, mode: str, what: str) -> subprocess.Popen[bytes]:
        script = str(HERE / "pouch_edge.js")
        return self.spawn("node", script, mode, self.modules, str(self.folder / "edge"), what)

    def _ask(self, path: str) -> dict[str, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/db/hub{path}", timeout=60) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except OSError:
            return {}


PEERS: dict[str, type[Peer]] = {
    "naive outbox": Naive,
    "naive outbox, window 100": Naive100,
    "mosquitto bridge": Bridge,
    "thingsboard-gateway": ThingsBoard,
    "PouchDB replication": Pouch,
}


def missing(peer: str) -> str | None:
    """Return why a peer cannot run here, None when it can."""
    needs = {
        "thingsboard-gateway": CACHE / "tb/bin/python",
        "PouchDB replication": CACHE / "node/node_modules/express-pouchdb",
    }
    path = needs.get(peer)
    return None if path is None or path.exists() else "not installed; run scripts/bench link"
