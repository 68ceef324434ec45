"""No function without a door: what is public is used by the product, not by its tests alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("edge", "web", "devices", "sync", "kiosk_ui", "provisioning", "hospital")
OWN_PROGRAMS = {"main"}
"""Called by `python -m`, by the supervisor and by entry points."""

OWN_TOOLS = ("workshop", "trials", "benchmarks", "scripts", "docs")
"""What the project runs itself; pages of docs call functions to write their tables."""

LOOKED_AT = "what a test looks at to see what the product did"
FOR_WHOM: dict[str, str] = {
    "devices.protocols.ad_tm2655.command": "the commands that the simulated cuff is asked with",
    "devices.recording.recorder.Recorder.is_full": LOOKED_AT,
    "edge.equipment.device_requests.latest": LOOKED_AT,
    "edge.model.feed_item.sums": "sums from scratch, compared with those that are kept up to date",
    "edge.care.follow_up.of_patient": LOOKED_AT,
    "edge.patients.register.by_card": LOOKED_AT,
    "edge.readings.history.of_patient": LOOKED_AT,
    "sync.simulation.parts.torn": "a disk without transactions: the simulator must notice",
}
"""A public function that the product does not call itself, and for whom it is."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_UNREGISTERED = {"property", "classmethod", "staticmethod", "contextmanager", "cache", "wraps"}


@cache
def modules() -> dict[str, ast.Module]:
    """Return the product's modules, parsed."""
    found = {}
    for package in PRODUCT:
        for file in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def is_registered(node: Function | ast.ClassDef) -> bool:
    """Whether a decorator hands the function to somebody: a route, a verb, a fixture."""
    return any(_base(one) not in _UNREGISTERED for one in node.decorator_list)


def _base(decorator: ast.expr) -> str:
    inner = decorator.func if isinstance(decorator, ast.Call) else decorator
    return inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")


def functions() -> Iterator[tuple[str, str]]:
    """Yield module and name of every public function of a module."""
    for module, tree in modules().items():
        for node in tree.body:
            if not isinstance(node, Function) or node.name.startswith("_"):
                continue
            if not is_registered(node) and node.name not in OWN_PROGRAMS:
                yield module, node.name


def methods() -> Iterator[tuple[str, str]]:
    """Yield class and name of every public method."""
    for module, tree in modules().items():
        if module.startswith("devices.simulators."):
            continue  # the buttons of a simulated device are pressed by tests
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for one in node.body:
                    if isinstance(one, Function) and not one.name.startswith("_"):
                        yield f"{module}.{node.name}", one.name


@cache
def used_functions() -> frozenset[tuple[str, str]]:
    """Return module and name of every function that some module of the product refers to."""
    used: set[tuple[str, str]] = set()
    known_in = {module: dict(_imported(module, tree)) for module, tree in modules().items()}
    for module, tree in modules().items():
        known = known_in[module]
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                used.add(known.get(node.id, (module, node.id)))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                of_module, name = known.get(node.value.id, ("", ""))
                used.add((f"{of_module}.{name}" if name else of_module, node.attr))
    passed_on = {known_in.get(module, {}).get(name, (module, name)) for module, name in used}
    return frozenset(used | passed_on)


def _imported(module: str, tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each imported name of a module, and where it comes from: (module, name or "")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, (alias.name, "")


@cache
def other_texts() -> str:
    """Return the templates of the product, and the project's own tools and pages."""
    files = [file for package in PRODUCT for file in (ROOT / package).rglob("*.html")]
    for folder in OWN_TOOLS:
        files += [file for file in (ROOT / folder).rglob("*") if file.suffix in (".py", ".md", "")]
    return "\n".join(file.read_text("utf-8", "replace") for file in files if file.is_file())


def is_named_elsewhere(module: str, name: str) -> bool:
    """Whether a template, a tool of the project or a page of docs calls the function."""
    room = module.rpartition(".")[2]
    called = rf"\b{room}\.{name}\b|\bfrom {module} import [^\n]*\b{name}\b"
    return re.search(called, other_texts()) is not None


@cache
def used_words() -> frozenset[str]:
    """Return every attribute that the product asks for, and every word of its templates."""
    words: set[str] = set()
    for tree in modules().values():
        words |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for package in PRODUCT:
        for file in (*(ROOT / package).rglob("*.html"), *(ROOT / package).rglob("*.js")):
            words |= set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    return frozenset(words)


def test_every_public_function_is_used_by_the_product() -> None:
    alone = {f"{module}.{name}" for module, name in functions()
             if (module, name) not in used_functions()
             and not is_named_elsewhere(module, name)}  # fmt: skip
    assert sorted(alone - FOR_WHOM.keys()) == []


def test_every_public_method_is_used_by_the_product() -> None:
    alone = {f"{owner}.{name}" for owner, name in methods() if name not in used_words()}
    assert sorted(alone - FOR_WHOM.keys()) == []
