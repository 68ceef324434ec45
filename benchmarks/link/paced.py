"""A process of its own, so that what it writes and what it waits for is measured alone.

`FOLDER SECONDS`: 200 readings a second for so long. `FOLDER COUNT GROUP`: so many readings, so
many to a transaction. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from benchmarks.link import measures

if __name__ == "__main__":
    home = Path(sys.argv[1])
    if len(sys.argv) > 3:
        print(json.dumps(measures.accept_here(home, int(sys.argv[2]), int(sys.argv[3]))))
    else:
        home.mkdir(parents=True)
        print(json.dumps(asyncio.run(measures.paced(home, int(sys.argv[2])))))
