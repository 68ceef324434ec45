"""A process that writes to a box's file: `python box_writer.py FILE COUNT`.

After each accepted reading it prints the journal entry, so that a test knows what was promised.
"""

from __future__ import annotations

import sys
from pathlib import Path

from readings import cuff

from edge.readings import intake
from edge.store.store import Store


def main(file: str, count: int) -> None:
    """Accept `count` readings, one transaction each."""
    store = Store.open(Path(file))
    clock = store.clock()
    for _ in range(count):
        outcome = intake.accept(store, cuff(clock.now(), device=None))
        print(outcome.entry, flush=True)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
