"""A seeded world for the protocol core: the very code of box and hospital, on a virtual clock.

A seed decides how bad the network is and when which end crashes, is restored, rolled back or
cloned. Then the faults stop, and whatever the box had accepted must be at the hospital, once. Any
failure is reproduced by its seed: `python -m sync.simulation --seeds 1 --from SEED`.

The invariants that are checked are those of CS/1: I1 every record arrives exactly once; I2 only
what the hospital's backup covers is pruned; I3 the hospital's stream has no gap and the box's
chain; I4 no two records under one sequence; I6 an alert overtakes any backlog; I9 a frame of a
past session or epoch changes nothing; I11 neither does a replayed one; I12 after any crash both
ends return to streaming by themselves.
"""

from sync.simulation.hospital import SimHospital
from sync.simulation.parts import Ends, Violation
from sync.simulation.world import Outcome, World, run

__all__ = ["Ends", "Outcome", "SimHospital", "Violation", "World", "run"]
