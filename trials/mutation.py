"""Small mistakes in a module's source: one operator, constant, call or clause of SQL is changed.

A mutant is the module's syntax tree with one such change. Texts for people (messages of errors and
of the log, docstrings) and annotations are left alone: no test should pin their letters.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
NAMES = {
    "max": "min",
    "min": "max",
    "any": "all",
    "all": "any",
    "first": "last",
    "last": "first",
    "first_seq": "last_seq",
    "last_seq": "first_seq",
    "cum": "safe",
    "safe": "cum",
}
"""Names and attributes that are easily taken for one another."""

SQL = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"<= ", "< "),
        (r">= ", "> "),
        (r"(?<= )> ", ">= "),
        (r"(?<= )< ", "<= "),
        (r"(?<![<>])= 0\b", "= 1"),
        (r"(?<![<>])= 1\b", "= 0"),
        (r"\bmax\(", "min("),
        (r"\bmin\(", "max("),
        (r" AND ", " OR "),
        (r" OR (?!IGNORE|REPLACE)", " AND "),
        (r"\bNOT EXISTS\b", "EXISTS"),
        (r"\bIS NOT\b", "IS"),
        (r"\bIS (?=NULL)", "IS NOT "),
        (r" \+ 1\b", ""),
        (r" - 1\b", ""),
        (r" DESC\b", ""),
        (r"(ORDER BY [a-z_.]+)(?! DESC)\b", r"\1 DESC"),
        (r" LIMIT 1\b", " LIMIT 2"),
        (r" AND [^()'=<>]*(?:=|<=|>=|<|>) \?\d?", ""),
        (r" AND [a-z_.]+ IS(?: NOT)? (?:NULL|'[a-z]+'|\?)", ""),
        (r"\bcum\b", "safe"),
        (r"\bsafe\b", "cum"),
    )
)
_IS_SQL = re.compile(r"\b(SELECT|UPDATE|INSERT|DELETE|WHERE|AND|ORDER BY|CONFLICT|SET)\b")
_LOG = ("debug", "info", "warning", "error", "exception")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the module's file, the function it is in ("" outside of any), and what it is.

    `name` stays the same while the changed line stays; `line` is where it is now, `first` and
    `last` are the lines of the statement that it belongs to.
    """

    file: str
    function: str
    line: int
    first: int
    last: int
    name: str
    _place: tuple[int, int]

    def tree(self, root: Path) -> ast.Module:
        """Return the whole module with the change in it."""
        return _changed((root / self.file).read_text(encoding="utf-8"), *self._place)


@dataclass(frozen=True, slots=True)
class _Site:
    """A node that can be changed, the way to it, and what the changes are."""

    node: ast.AST
    function: str
    changes: tuple[tuple[str, Callable[[ast.AST], ast.AST | None]], ...]


def mutants(root: Path, file: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of its lines."""
    source = (root / file).read_text(encoding="utf-8")
    lines = source.splitlines()
    found: list[Mutant] = []
    names: dict[str, int] = {}
    tree = ast.parse(source)
    spans = _spans(tree)
    for index, site in enumerate(_sites(tree)):
        for number, (what, _) in enumerate(site.changes):
            line = getattr(site.node, "lineno", 0)
            name = f"{file}:{site.function or 'module'}: `{lines[line - 1].strip()}`: {what}"
            names[name] = names.get(name, 0) + 1
            if names[name] > 1:
                name = f"{name} (place {names[name]})"
            place = (index, number)
            found.append(Mutant(file, site.function, line, *spans[line], name, place))
    return found


def _spans(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """Return for each line the first and last line of the innermost simple statement on it."""
    spans: dict[int, tuple[int, int]] = {}
    for node in ast.walk(tree):  # from the outside in
        if isinstance(node, ast.stmt) and hasattr(node, "end_lineno"):
            end = node.end_lineno or node.lineno
            body = getattr(node, "body", None)
            if body and isinstance(body, list):
                end = max(node.lineno, body[0].lineno - 1)
            spans |= {line: (node.lineno, end) for line in range(node.lineno, end + 1)}
        elif isinstance(node, ast.match_case):
            spans[node.pattern.lineno] = (node.pattern.lineno, node.body[0].lineno)
    return spans


def _changed(source: str, index: int, number: int) -> ast.Module:
    tree = ast.parse(source)
    site = _sites(tree)[index]
    changed = site.changes[number][1](copy.deepcopy(site.node))
    _Replace(site.node, changed).visit(tree)
    return ast.fix_missing_locations(tree)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST | None) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST | None:
        if node is self._old:
            if self._new is not None:
                ast.copy_location(self._new, node)
            return self._new
        return super().generic_visit(node)


def _sites(tree: ast.Module) -> list[_Site]:
    return list(_walk(tree, "", quiet=False))


def _walk(node: ast.AST, function: str, *, quiet: bool) -> Iterator[_Site]:
    """Go through a tree; `quiet` inside of a text for people."""
    for name, child in _children(node):
        if _is_left_alone(node, name, child):
            continue
        inside = function
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and name == "body":
            inside = f"{function}.{node.name}" if function else node.name
        elif isinstance(node, ast.ClassDef) and name == "body" and isinstance(child, _DEFS):
            yield from _in_class(child, f"{function}.{node.name}" if function else node.name)
            continue
        hushed = quiet or _speaks(child)
        changes = tuple(_changes(child, quiet=hushed))
        if changes:
            yield _Site(child, inside, changes)
        yield from _walk(child, inside, quiet=hushed)


_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _in_class(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> Iterator[_Site]:
    for name, child in _children(node):
        if _is_left_alone(node, name, child):
            continue
        inside = f"{owner}.{node.name}" if name == "body" else ""
        changes = tuple(_changes(child, quiet=_speaks(child)))
        if changes:
            yield _Site(child, inside, changes)
        yield from _walk(child, inside, quiet=_speaks(child))


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _is_left_alone(parent: ast.AST, name: str, child: ast.AST) -> bool:
    if name in ("annotation", "returns", "decorator_list", "type_params", "bases", "keywords"):
        return not (name == "keywords" and isinstance(parent, ast.Call))
    if isinstance(child, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(child, ast.Constant) and isinstance(child.value, str):
        # The name of a column or of a codec: every test that comes by would notice.
        if isinstance(parent, ast.Subscript) or child.value == "utf-8":
            return True
        if isinstance(parent, ast.JoinedStr) and not _IS_SQL.search(child.value):
            return True
    a_type = isinstance(child, ast.Subscript | ast.BinOp | ast.List)
    if a_type and isinstance(parent, ast.Assign) and name == "value" and _is_alias(parent):
        return True
    return isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)


def _is_alias(node: ast.Assign) -> bool:
    """Whether it names a type, as `Step = tuple[…]` does, or the names of a package."""
    target = node.targets[0]
    if isinstance(target, ast.Name) and target.id == "__all__":
        return True
    return (
        isinstance(target, ast.Name)
        and target.id.lstrip("_")[:1].isupper()
        and (not target.id.isupper())
    )


def _speaks(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else node
    if not isinstance(call, ast.Call):
        return False
    name = call.func
    if isinstance(name, ast.Attribute):
        return name.attr in _LOG and isinstance(name.value, ast.Name) and name.value.id == "log"
    # `assert_never` is for the type checker: no value ever comes there.
    return isinstance(name, ast.Name) and (name.id.endswith("Error") or name.id == "assert_never")


Change = tuple[str, Callable[[ast.AST], ast.AST | None]]


def _changes(node: ast.AST, *, quiet: bool) -> Iterator[Change]:  # noqa: C901
    match node:
        case ast.Compare(ops=[op]):
            for new in COMPARE.get(type(op), ()):
                yield f"{_sign(op)} becomes {_sign(new())}", _set(ops=[new()])
        case ast.BoolOp(op=op):
            new = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"{_word(op)} becomes {_word(new)}", _set(op=new)
            for at in range(len(node.values)):
                yield f"without `{_short(node.values[at])}`", _without_value(at)
        case ast.UnaryOp(op=ast.Not()):
            yield "without not", lambda n: n.operand
        case ast.BinOp(op=op) if type(op) in ARITHMETIC and not _is_text(node.left):
            new_op = ARITHMETIC[type(op)]()
            yield f"{_sign(op)} becomes {_sign(new_op)}", _set(op=new_op)
        case ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            new_op = ARITHMETIC[type(op)]()
            yield f"{_sign(op)}= becomes {_sign(new_op)}=", _set(op=new_op)
        case ast.Constant(value=value) if not quiet:
            yield from _constant(value)
        case ast.IfExp():
            yield "branches exchanged", lambda n: ast.IfExp(n.test, n.orelse, n.body)
        case ast.If(test=ast.Call() | ast.Name() | ast.Attribute()):
            yield "if not", lambda n: ast.If(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield "returns None", lambda n: ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Yield() as value) if not quiet:
            if not isinstance(value, ast.Yield):
                yield "left out", lambda n: ast.Pass()
        case ast.Raise():
            yield "not raised", lambda n: ast.Pass()
        case ast.Continue():
            yield "break", lambda n: ast.Break()
        case ast.Break():
            yield "continue", lambda n: ast.Continue()
        case ast.Name(id=name) if name in NAMES and isinstance(node.ctx, ast.Load):
            if name in ("max", "min", "any", "all"):
                yield f"{name} becomes {NAMES[name]}", _set(id=NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES and isinstance(node.ctx, ast.Load):
            yield f".{name} becomes .{NAMES[name]}", _set(attr=NAMES[name])
        case ast.Call(func=ast.Name(id="replace")) if len(node.keywords) > 1:
            for at, keyword in enumerate(node.keywords):
                if keyword.arg is not None:
                    yield f"without {keyword.arg}=", _without_keyword(at)


def _constant(value: object) -> Iterator[Change]:
    if isinstance(value, bool):
        yield f"{value} becomes {not value}", _set(value=not value)
    elif isinstance(value, int):
        other = value + 1 if abs(value) < 100 else value * 2
        yield f"{value} becomes {other}", _set(value=other)
    elif isinstance(value, str) and _IS_SQL.search(value):
        for pattern, text in SQL:
            for found in pattern.finditer(value):
                new = value[: found.start()] + found.expand(text) + value[found.end() :]
                if new != value:
                    yield (
                        f"SQL: `{found[0].strip()}` becomes `{found.expand(text).strip()}`",
                        _set(value=new),
                    )
    elif isinstance(value, str | bytes) and value and not str(value).isspace():
        other = value + ("~" if isinstance(value, str) else b"~")
        yield f"{value!r} becomes {other!r}", _set(value=other)


def _set(**fields: object) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        for name, value in fields.items():
            setattr(node, name, value)
        return node

    return change


def _without_value(at: int) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        rest = [v for i, v in enumerate(node.values) if i != at]
        if len(rest) == 1:
            return rest[0]
        node.values = rest
        return node

    return change


def _without_keyword(at: int) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        del node.keywords[at]
        return node

    return change


_SIGNS = {
    "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "Is": "is",
    "IsNot": "is not", "In": "in", "NotIn": "not in", "Add": "+", "Sub": "-", "Mult": "*",
    "FloorDiv": "//", "Div": "/", "Mod": "%", "BitAnd": "&", "BitOr": "|", "BitXor": "^",
    "LShift": "<<", "RShift": ">>",
}  # fmt: skip


def _sign(op: ast.AST) -> str:
    return _SIGNS[type(op).__name__]


def _word(op: ast.AST) -> str:
    return type(op).__name__.lower()


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 50 else f"{text[:49]}…"


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
