"""The peers themselves: outboxes, bridges, gateways and replicas, each with its own settings."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.link import meter
from benchmarks.link.peers import QUIET_S, TOPIC, Broker, MqttPeer, Peer

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "healthpost-bench"
HERE = Path(__file__).parent
FIELDS = ("id", "box", "patient", "code", "unit", "qual", "op")
NUMBERS = ("sys", "dia", "map", "pulse", "seq")


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
