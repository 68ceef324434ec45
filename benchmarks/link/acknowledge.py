"""`FOLDER START END`: takes readings in one by one and prints the number of each that is safe.

A process of its own, to be killed at any moment: whatever it has printed must be there for ever.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.link.readings import people, readings
from edge.readings import intake
from edge.store.store import Store

if __name__ == "__main__":
    store = Store.open(Path(sys.argv[1]))
    first, end = int(sys.argv[2]), int(sys.argv[3])
    now = store.clock().now()
    for number, reading in enumerate(
        readings(end - first, now, first, people(store, now)), start=first
    ):
        intake.accept(store, reading)
        print(number, flush=True)
