"""The state of a visit's note from its patches; pure, the same at the box and at the hospital.

A state maps a field to its text, or to the tuple of its words. A patch of the entry `visit-note`
maps a field to a text, to null, or of a list to what is added and removed. Fields and words that
only another release knows are kept as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Held = str | tuple[str, ...]
State = Mapping[str, Held]
Change = str | None | Mapping[str, Sequence[str]]
Patch = Mapping[str, Change]


def applied(state: State, patch: Patch) -> dict[str, Held]:
    """Return the state after a patch."""
    now = dict(state)
    for name, change in patch.items():
        if change is None or isinstance(change, str):
            _set(now, name, change)
        else:
            _set(now, name, _list(now.get(name), change))
    return now


def changing(state: State, patch: Patch) -> dict[str, Change]:
    """Return the part of a patch that changes something."""
    return {
        name: change
        for name, change in patch.items()
        if applied(state, {name: change}) != dict(state)
    }


def undoing(state: State, patch: Patch) -> dict[str, Change]:
    """Return what brings back of a state what a patch changes: its former texts and words."""
    return {name: _former(state.get(name), change) for name, change in patch.items()}


def to_json(state: State) -> str:
    """Return a state as it is stored."""
    return json.dumps(dict(state), ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> dict[str, Held]:
    """Return a stored state."""
    return {n: tuple(v) if isinstance(v, list) else str(v) for n, v in json.loads(text).items()}


def _set(state: dict[str, Held], name: str, value: Held | None) -> None:
    if value:
        state[name] = value
    else:
        state.pop(name, None)


def _list(held: Held | None, change: Mapping[str, Sequence[str]]) -> Held:
    words = held if isinstance(held, tuple) else ()
    removed = set(change.get("remove", ()))
    kept = [word for word in words if word not in removed]
    return tuple(dict.fromkeys([*kept, *change.get("add", ())]))


def _former(held: Held | None, change: Change) -> Change:
    if change is None or isinstance(change, str):
        return held if isinstance(held, str) else None
    words = held if isinstance(held, tuple) else ()
    added = [word for word in change.get("add", ()) if word not in words]
    removed = [word for word in change.get("remove", ()) if word in words]
    return {key: said for key, said in (("add", removed), ("remove", added)) if said}
