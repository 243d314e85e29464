"""Opens the page where a person sits before a screen, and nowhere else."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping
from pathlib import PurePath

import anyio

ELSEWHERE = ("CI", "SSH_CONNECTION", "SSH_TTY")  # a machine builds this, or the screen is another machine's
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
IN_THE_TERMINAL = {"www-browser", "links", "elinks", "lynx", "w3m"}  # the demo needs that for itself


def is_at_hand(environment: Mapping[str, str], is_terminal: bool, platform: str = sys.platform) -> bool:
    """Tell whether a browser that is opened now would be seen."""
    if not is_terminal or any(environment.get(name) for name in ELSEWHERE):
        return False
    return platform in {"darwin", "win32"} or any(environment.get(name) for name in SCREENS)


async def show(url: str) -> None:
    """Open a page in the person's browser, if there is one; it is never waited for longer than the caller lives."""
    await anyio.to_thread.run_sync(_show, url, abandon_on_cancel=True)


def _show(url: str) -> None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if PurePath(browser.name).name not in IN_THE_TERMINAL:
        browser.open(url)
