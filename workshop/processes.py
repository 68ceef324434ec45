"""The processes of the clinic and the hospital, each a child of its own that can start anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge.process.supervise import Child
from hospital import serve
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from provisioning.demo import Ports, RunningDemo, running
from workshop.seed import seed


def hospital_children(environment: Mapping[str, str]) -> list[Child]:
    """Return broker, receive worker and desk, which `healthpost hospital serve` would supervise."""
    settings = HospitalSettings.load(Path(environment["HEALTHPOST_HOSPITAL_HOME"]))
    open_archive(settings).close()  # migrated before two processes open it
    return serve.children(settings, environment)


@contextmanager
def seeded(every_s: float, ports: Ports) -> Iterator[RunningDemo]:
    """Run a seeded clinic and its hospital inside the block; raises `Failed`."""
    with running(every_s, ports=ports, hospital_children=hospital_children) as demo:
        seed(demo.settings)
        yield demo
