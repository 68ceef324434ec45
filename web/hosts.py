"""Host names under which an application answers.

A page of somebody else's may give its own name our address and then read what we answer (DNS
rebinding). Its requests bear that name as their host, so only names of ours are answered. An
address in digits is always one of ours: nobody can give that to another machine.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address


def own_names(*more: str) -> frozenset[str]:
    """Return the names of this machine, in lower case, and those given."""
    machine = socket.gethostname().lower()
    names = {"localhost", machine, f"{machine}.local", machine.partition(".")[0]}
    return frozenset({*names, *(name.lower() for name in more)} - {""})


def is_own(host: str, names: Iterable[str]) -> bool:
    """Whether a request's host (a name or an address, perhaps with a port) is one of ours."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name)
    except ValueError:
        return name.lower().removesuffix(".") in names
    return True
