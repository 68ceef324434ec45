"""Times and judges one library in its own process: JSON questions in, JSON answers out.

Run by path, by the product's Python or the peers': `python decode_worker.py LIBRARY`.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import time
from decimal import Decimal
from typing import Any

from decode_cases import CASES, CLINICAL, STREAM
from decode_libraries import LIBRARIES

SLICE_S = 0.06
"""Of processor time: what neighbours on the machine take of the wall clock is not counted."""


class Worker:
    def __init__(self, name: str) -> None:
        self.library: Any = LIBRARIES[name]()
        self._calls: dict[str, Any] = {}

    def ready(self) -> dict[str, object]:
        """Which cases it can decode at all; others have no speed."""
        able: list[str] = []
        for case in CASES:
            if case not in self.library.claims:
                continue
            try:
                call = self.library.call(case)
                call()
            except Exception as error:  # noqa: BLE001 a peer raises what it likes
                print(f"{case}: {error!r}", file=sys.stderr)
                continue
            self._calls[case] = call
            able.append(case)
        return {"claims": list(self.library.claims), "able": able}

    def time(self, case: str) -> dict[str, object]:
        call = self._calls[case]
        count = 0
        began = time.process_time()
        while (spent := time.process_time() - began) < SLICE_S:
            for _ in range(10):
                call()
            count += 10
        return {"per_s": count / spent}

    def judge(self, vectors: list[dict[str, Any]]) -> dict[str, object]:
        verdicts = [[vector["id"], self._verdict(vector)] for vector in vectors]
        return {"verdicts": verdicts}

    def _verdict(self, vector: dict[str, Any]) -> str:
        try:
            if "char" in vector:
                return self._value(vector)
            return self._line(vector)
        except Exception:  # noqa: BLE001 a peer raises what it likes
            return "right" if "error" in vector else "refused"

    def _value(self, vector: dict[str, Any]) -> str:
        char = vector["char"]
        told = self.library.decode(char, bytes.fromhex(vector["hex"]))
        if "error" in vector:
            return "taken"
        numbers = self.library.numbers(char, told)
        for name in CLINICAL[char]:
            verdict = _compare(vector["expect"].get(name), numbers.get(name))
            if verdict != "right":
                return verdict
        return "right"

    def _line(self, vector: dict[str, Any]) -> str:
        chunks = [bytes.fromhex(chunk) for chunk in vector["chunks"]]
        if vector["protocol"] == STREAM:
            readings = [e for e in vector["expect"] if e["event"] == "reading"]
            wanted = [(e["spo2"], e["pulse"]) for e in readings]
            return "right" if self.library.samples(chunks) == wanted else "wrong"
        records = [e["text"] for e in vector["expect"] if e["event"] == "record"]
        return "right" if self.library.records(chunks) == records else "wrong"


def _compare(wanted: object, told: object) -> str:
    """A special or an absent value must be no number; a number must be that number."""
    number = float(told) if isinstance(told, int | float | Decimal) else None
    if number is not None and not math.isfinite(number):
        number = None
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return "right" if number is None else "wrong"
    if number is None:
        return "missing"
    return "right" if math.isclose(number, float(wanted), rel_tol=1e-6) else "wrong"


def main() -> None:
    logging.disable(logging.CRITICAL)
    # Libraries may print: the answers have standard output for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    asked = {"ready": worker.ready, "time": worker.time, "judge": worker.judge}
    for line in sys.stdin:
        question = json.loads(line)
        answer = asked[question["ask"]](*question.get("with", []))
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
