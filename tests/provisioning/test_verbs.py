"""Every verb: wrong input ends with 2 and one sentence; a command that is named can be typed."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from edge.process.cli_secret import read_secret
from hospital.fleet import claims
from provisioning.box_setup import init_box
from provisioning.cli import main
from sync.keys.enrolment import MAX_TEXT, Refusal

ROOT = Path(__file__).parents[2]
PRODUCT = ("edge", "web", "devices", "sync", "kiosk_ui", "provisioning", "hospital")
ASIDE = {"demo"}
"""`demo` makes its own homes; it has a test of its own."""

WRONG = (
    ("init --clinic X --language xx", ""),
    ("init --clinic X --port /dev/x", ""),
    ("init --clinic X --port /dev/x=Toaster", ""),
    ("init --clinic X --kiosk-port 70000", ""),
    ("status --nothing", ""),
    ("nothing", ""),
    ("staff add --name A", "123456"),
    ("staff add --name A", "12"),
    ("staff add --name A", ""),
    ("staff add --name A --pin 482913", ""),
    ("staff add --name A --role king", "482913"),
    ("staff add --name A --pin-file /nowhere/pin", ""),
    ("staff reset-pin nobody", "482913"),
    ("staff dismiss nobody", ""),
    ("enrol", "no claim"),
    ("enrol", ""),
    ("enrol HP1:ABC", ""),
    ("enrol --claim HP1:ABC", ""),
    ("enrol --stick /nowhere", "HP1:ABC"),
    ("link poison --repair 99", ""),
    ("link trace --last many", ""),
    ("bundle write /nowhere", ""),
    ("bundle read /nowhere", ""),
    ("bundle show /nowhere", ""),
    ("decode", ""),
    ("decode ble 2A35 1e7c00", ""),
    ("decode ble 2A35 zz", ""),
    ("decode ble FFFF 00", ""),
    ("decode serial toaster 00", ""),
    ("decode serial nonin_df2 zz", ""),
    ("decode --lines", "no json"),
    ("assess", "{}"),
    ("assess nothing", "{}"),
    ("assess news2", "no json"),
    ("assess news2", "[1]"),
    ("assess --lines", "no json"),
    ("rules show nothing", ""),
    ("rules check /nowhere/x.toml", ""),
    ("rules sign nothing --name A --role B", ""),
    ("rules sign news2 --name A --role B --date yesterday", ""),
    ("rules sign news2 --name A --role '  '", ""),
    ("rules compare --from yesterday", ""),
    ("hospital rules-compare --from yesterday", ""),
    ("devices record nowhere --out /nowhere/x", ""),
    ("devices check /nowhere/x", ""),
    ("devices pair nowhere", ""),
    ("devices unpair 00:00:00:00:00:00", ""),
    ("hospital init --broker-port 0 --user a", "long enough password"),
    ("hospital init --archive postgresql://a:b@c/d --user a", "long enough password"),
    ("hospital init --archive oracle", ""),
    ("hospital account nurse", "short"),
    ("hospital account nurse", ""),
    ("hospital account nurse --password long-enough-password", ""),
    ("hospital claim --this-machine", ""),
    ("hospital claim --clinic X", ""),
    ("hospital claim --clinic X --readmits nobody --this-machine", ""),
    ("hospital claim --readmits nobody --this-machine", ""),
    ("hospital claim --replaces nobody --this-machine", ""),
    ("hospital revoke nobody", ""),
    ("hospital ledger nobody", ""),
    ("hospital renew-box-keys nobody", ""),
    ("hospital backup-done 99 --place here", ""),
    ("hospital backup-done none --place here", ""),
    ("hospital backup --to {there}", ""),
    ("hospital bundle read /nowhere", ""),
    ("hospital bundle write {folder} nobody", ""),
    ("hospital enrol /nowhere", ""),
)


def run(words: list[str], typed: str = "") -> Result:
    return CliRunner().invoke(main, words, input=typed)


def leaves(command: click.Command, path: list[str]) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from leaves(inner, [*path, name])


VERBS = {path: command for path, command in leaves(main, []) if path not in ASIDE}


@pytest.fixture
def no_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "box"))
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    return tmp_path


@pytest.fixture
def homes(no_homes: Path) -> Path:
    init_box(no_homes / "box", "Chak 14")
    assert run(["hospital", "init"]).exit_code == 0
    return no_homes


def says_one_thing(done: Result) -> None:
    """One sentence on standard error (click may add how the verb is used), and no traceback."""
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    said = [line for line in done.stderr.splitlines() if line]
    assert "Traceback" not in done.output
    sentences = [line for line in said if line.startswith(("healthpost", "Error:"))]
    assert len(sentences) == 1, said


@pytest.mark.parametrize(("words", "typed"), WRONG, ids=[words for words, _ in WRONG])
def test_wrong_input_ends_with_2_and_one_sentence(homes: Path, words: str, typed: str) -> None:
    (homes / "there").touch()
    filled = words.format(there=homes / "there", folder=homes)
    done = run(shlex.split(filled), typed)
    assert done.exit_code == 2, done.output
    if "--lines" not in words:  # its answers stand in the place of the lines
        says_one_thing(done)


HOMELESS = {"init", "hospital init", "hospital serve", "bundle show", "assess"}
HOMELESS |= {"rules list", "rules show", "rules check", "programmes list", "programmes check"}
NEEDS_HOME = sorted(
    verb for verb in VERBS if verb not in HOMELESS and not verb.startswith(("decode", "devices"))
)


def arguments(command: click.Command, folder: Path) -> list[str]:
    """Return words that a verb cannot do without."""
    given: list[str] = []
    for one in command.params:
        word = str(folder) if isinstance(one.type, click.Path) and one.type.exists else "1"
        if isinstance(one, click.Argument) and one.required:
            given.append(word)
        elif isinstance(one, click.Option) and one.required:
            own = {"target": str(folder / "new"), "month": "2026-11"}
            given += [one.opts[0], own.get(one.name or "", word)]
    return given


@pytest.mark.parametrize("verb", NEEDS_HOME)
def test_without_a_home_each_verb_says_how_to_make_one(no_homes: Path, verb: str) -> None:
    words = [*verb.split(), *arguments(VERBS[verb], no_homes)]
    done = run(words, "a line that is long enough\n")
    half = "hospital init" if verb.startswith("hospital") else "init --clinic NAME"
    assert done.exit_code == 2, done.output
    assert f"run `healthpost {half}` first" in done.stderr
    says_one_thing(done)
    in_json = run([*words, "--json"], "a line that is long enough\n")
    assert (in_json.exit_code, json.loads(in_json.stdout)["kind"]) == (2, "settings")


def texts(file: Path) -> Iterator[str]:
    """Yield the strings of a module that are no docstrings, with 1 for what is filled in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
             for part in node.values}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values
            )
        elif id(node) not in plain | parts and isinstance(node, ast.Constant):
            yield str(node.value)


def named_commands() -> Iterator[tuple[str, str]]:
    for package in PRODUCT:
        for file in sorted((ROOT / package).rglob("*.py")):
            for text in texts(file):
                for command in re.findall(r"`healthpost ([a-z][^`]*)`", text):
                    yield str(file.relative_to(ROOT)), re.sub(r"\{\w+\}", "1", command)


NAMED = sorted(set(named_commands()))


@pytest.mark.parametrize(("where", "words"), NAMED, ids=[f"{w}: {c}" for w, c in NAMED])
def test_a_command_that_a_text_names_can_be_typed_as_it_is_written(
    where: str, words: str, tmp_path: Path
) -> None:
    if words in ("1", "1 1"):
        return  # filled in with what the person typed
    given = [str(tmp_path) if word == "FOLDER" else word for word in shlex.split(words)]
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        inner = command.get_command(context, given[0])
        assert inner is not None, f"{where} names {words}"
        command, given = inner, given[1:]
        context = click.Context(command)
    command.make_context("healthpost", given)  # raises UsageError


def test_there_are_commands_in_texts() -> None:
    assert len(NAMED) > 15


LONGEST_ID = "a" * 32


@pytest.mark.parametrize(
    "text",
    [value.format(box=LONGEST_ID) for name, value in vars(claims).items()
     if name.isupper() and isinstance(value, str) and name.startswith("_")],
)  # fmt: skip
def test_a_refusal_of_enrolment_arrives_whole(text: str) -> None:
    assert len(text) <= MAX_TEXT
    assert text in Refusal("refused", text).encode().decode("utf-8", "replace")


def test_a_refusal_that_is_too_long_is_never_cut_inside_a_command() -> None:
    command = "`healthpost enrol --new-keys`"
    for filler in range(MAX_TEXT - 40, MAX_TEXT + 10):
        text = "x" * filler + " " + command + " and more words that find no room" * 3
        told = Refusal("refused", text).encode().decode("utf-8", "replace")
        assert told.count("`") in (0, 2)
        assert told.count("`") == 0 or command in told


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), (b"\xff\xfe", "is not text in UTF-8")]
)
def test_a_file_of_a_secret_that_cannot_be_read_is_said_in_words(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "pin"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(click.UsageError) as refused:
        read_secret(file, "pin", "the PIN")
    assert words in refused.value.message
    assert "Errno" not in refused.value.message
    assert "codec" not in refused.value.message
