"""How a process of the hospital begins and ends: as the home's owner, once, with an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from edge.model.errors import EdgeError
from edge.model.errors import SettingsError as EdgeSettingsError
from edge.process.home import act_as_owner
from edge.process.home_lock import ENDING_S
from edge.process.start import FAILED, held
from edge.process.supervise import FINAL
from hospital.archive.errors import AuthorityError, BrokerError, HospitalError, SettingsError
from hospital.archive.settings import HospitalSettings, home_folder
from sync.keys.keys import KeyFileError

_FINAL = (SettingsError, AuthorityError, BrokerError, EdgeSettingsError, KeyFileError)
"""What a new start would not mend: a person must."""


def run_hospital_process(
    name: str, work: Callable[[HospitalSettings], None], wait_s: float = ENDING_S
) -> int:
    """Do the work of a process, alone of its kind in this home; return the exit code.

    What it refuses is one sentence on standard error. It waits so long for a predecessor to end.
    """
    try:
        act_as_owner(home_folder())
        settings = HospitalSettings.load()
        held(settings.home, name, wait_s)
        work(settings)
    except _FINAL as error:
        print(f"healthpost hospital: {error}", file=sys.stderr)
        return FINAL
    except (HospitalError, EdgeError) as error:
        print(f"healthpost hospital: {error}", file=sys.stderr)
        return FAILED
    return 0
