"""The templates of a site: files in the box's home, `templates/NAME.toml`, one a device.

See `devices.protocols.line_template` for what stands in one.
"""

from __future__ import annotations

from pathlib import Path

from devices.protocols import line_template
from devices.protocols.line_template import PREFIX, Template, TemplateError

FOLDER = "templates"
LARGEST_FILE = 16_384


def find(home: Path, model: str) -> Template:
    """Load the template that a port's model names, "template:NAME"; raises `TemplateError`."""
    name = model.removeprefix(PREFIX)
    if not name or not name.replace("-", "").replace("_", "").isalnum():
        raise TemplateError(f"{name!r} is no name of a template: letters, digits, - and _ only")
    return read(home / FOLDER / f"{name}.toml")


def read(path: Path) -> Template:
    """Load one file; raises `TemplateError`."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE + 1).decode("utf-8")
    except OSError as error:
        raise TemplateError(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TemplateError(f"{path.name} cannot be read: it is not text in UTF-8") from None
    if len(text) > LARGEST_FILE:
        raise TemplateError(f"{path.name} is too large")
    return line_template.load(path.stem, text)
