"""A bad line between a client and a server: it cuts, stalls, slows down and counts."""

from __future__ import annotations

import random
import selectors
import socket
import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """How bad the line is now; change it while the proxy runs.

    `cut_after` ends each connection after a random number of bytes up to this; `frozen` keeps
    connections open and lets nothing through; `bytes_s` is its speed, 0 for no limit.
    """

    cut_after: int = 0
    frozen: bool = False
    bytes_s: int = 0


@dataclass(slots=True)
class _Pair:
    client: socket.socket
    server: socket.socket
    left: int
    passed: int = field(default=0)


class Proxy:
    """Forwards TCP connections to a port of this machine, as well as the line allows."""

    def __init__(self, port: int, seed: int = 1) -> None:
        self.line = Line()
        self.passed = 0
        self.cuts = 0
        self._to = port
        self._rng = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to), timeout=2)
            except TimeoutError:
                continue
            except ConnectionError:
                client.close()
                continue
            limit = self._rng.randint(1, self.line.cut_after) if self.line.cut_after else 1 << 60
            thread = threading.Thread(target=self._carry, args=(_Pair(client, server, limit),))
            self._threads.append(thread)
            thread.start()

    def _carry(self, pair: _Pair) -> None:
        with selectors.DefaultSelector() as selector, pair.client, pair.server:
            selector.register(pair.client, selectors.EVENT_READ, pair.server)
            selector.register(pair.server, selectors.EVENT_READ, pair.client)
            while not self._stop.is_set() and pair.left > 0:
                if self.line.frozen:
                    self._stop.wait(0.05)
                    continue
                for key, _ in selector.select(0.05):
                    if not self._pass_on(pair, key.fileobj, key.data):
                        return
            self.cuts += pair.left <= 0

    def _pass_on(self, pair: _Pair, source: object, target: socket.socket) -> bool:
        assert isinstance(source, socket.socket)
        try:
            data = source.recv(min(1024, pair.left))
            target.sendall(data)
        except OSError:
            return False
        pair.left -= len(data)
        self.passed += len(data)
        if self.line.bytes_s:
            self._stop.wait(len(data) / self.line.bytes_s)
        return bool(data)
