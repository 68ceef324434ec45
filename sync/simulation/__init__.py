"""Simulators of the link, random by seed: the real code of box and hospital, on a virtual clock.

`world` carries records, `feed_world` the clinic's feed and two people's edits, `files_world` photos
and recordings. A seed decides how bad the network is and which faults happen. Then they stop,
and the invariants must hold. Any failure is reproduced by its seed:
`python -m sync.simulation --seeds 1 --from SEED`.

`catalogue` lists the faults and the invariants; `docs/simulator.md` shows both, with the mistakes
that the tests put into the code to prove that a world would notice.
"""

from sync.simulation.hospital import SimHospital
from sync.simulation.parts import Ends, Violation
from sync.simulation.world import Outcome, World, run

__all__ = ["Ends", "Outcome", "SimHospital", "Violation", "World", "run"]
