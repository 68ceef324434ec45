"""Templates compiled once in a worker, for the many applications that its tests make."""

from __future__ import annotations

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Kept(BytecodeCache):
    """Code in memory; Jinja checks by itself that it was made of the same text."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._code.get(bucket.key)
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_kept = _Kept()


def with_kept_templates(app: Flask) -> Flask:
    """Let an application compile no template that another one has compiled."""
    app.jinja_env.bytecode_cache = _kept
    return app
