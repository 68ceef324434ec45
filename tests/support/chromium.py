"""One Chromium for the browser tests of a file, patient with a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",  # a microphone that hums
    "--use-fake-ui-for-media-stream",
)

# How long an answer takes says something about the machine; polls of five seconds are included.
expect.set_options(timeout=40_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium for the block. Tests make a context of their own in it."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(ARGUMENTS)
        )
        try:
            yield running
        finally:
            running.close()
