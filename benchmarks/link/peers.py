"""How a peer is measured: what a user would pick instead, on the same readings.

Each takes the readings in while its upstream is away, then drains when it is back. `kill` ends the
peer with -9 halfway through the drain; a peer that loses or doubles then has no figure that counts.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.link import meter
from benchmarks.link.readings import lines

TOPIC = "clinic/0042/vitals"
WITHIN_S = 120
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
