"""Fails a test in whose run a secret came near a log, an output, a command line or a chat.

What is logged is heard before it is redacted: the redaction of infra/logs.py is a second fence, and must not be needed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import Result

from actors.audit.interaction_log import InteractionLogger
from infra.sandbox.telegram.model import ChatMessage
from infra.sandbox.telegram.world import World
from tests.actors.fakes import FakeChat

MARK = "shows_secrets"
WATCH = pytest.StashKey["Watch"]()
SHORTEST = 8
AROUND = 60

# Constants of the tests and of the sandbox that are secrets by their name.
SECRET_NAME = re.compile(r"(?:^|_)(?:KEY|PASSWORD|SECRET|SIGNATURE|TOKEN)$")
# Secrets that are made while a test runs, each behind a text without which there is none: that is found much sooner.
# Not the shapes of infra/logs.py: what is wrong there must be found here.
SHAPES = {
    ":": re.compile(r":(?<=\d{3}:)[A-Za-z0-9_-]{30,}"),  # of a bot
    "EAA": re.compile(r"EAA[A-Za-z0-9_-]{30,}"),  # of an Instagram account
    "IG": re.compile(r"IG(?:AA|Q)[A-Za-z0-9_-]{30,}"),
    "gAAAAA": re.compile(r"gAAAAA[A-Za-z0-9_-]{30,}"),  # the same, sealed before
    "everytap2.": re.compile(r"everytap2\.[A-Za-z0-9_-]{30,}"),  # the same, sealed
    "=": re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}=(?!\w)"),  # what opens that
    "ignature=": re.compile(r"ignature=[A-Za-z0-9_-]{20,}"),  # of a link
    "://": re.compile(r"://[^\s:/@\"']+:(?!password@)[^\s:/@\"'*]{8,}(?=@)"),  # of a database, and no example of one
}
ADDRESS = re.compile(rf"postgresql://[^:@/]+:([^@/]{{{SHORTEST},}})@")
HEARD: tuple[tuple[type[Any], str], ...] = (
    (structlog.BoundLoggerBase, "_process_event"),
    (World, "send"),
    (World, "answer"),
    (ChatMessage, "show"),
    (FakeChat, "send_card"),
    (FakeChat, "edit_card"),
    (FakeChat, "send_text"),
    (FakeChat, "answer"),
    (InteractionLogger, "tell"),
    (subprocess.CompletedProcess, "__init__"),
    (Result, "__init__"),  # what a command printed, within the test's own process
)
# What a call returns can be read, too: the rest of a process's output.
RETURNED: tuple[tuple[type[Any], str], ...] = ((subprocess.Popen, "communicate"),)


class Watch:
    """Knows secrets by name, and hears what one test tells."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._heard: list[tuple[str, str]] = []

    def learn(self, owner: str, constants: Mapping[str, object]) -> None:
        """Take those constants for secrets that are named so."""
        for name, value in constants.items():
            if SECRET_NAME.search(name) and isinstance(value, str) and len(value) >= SHORTEST:
                self._known.setdefault(value, f"{owner}.{name}")

    def learn_address(self, owner: str, value: object) -> None:
        """Take the password in the address of a database for a secret."""
        if isinstance(value, str) and (found := ADDRESS.match(value)):
            self._known.setdefault(found[1], f"the password of {owner}")

    def hear(self, where: str, text: str) -> None:
        """Keep what somebody could read there."""
        self._heard.append((where, text))

    def leaks(self) -> list[str]:
        """Say where secrets stood, without repeating them, and begin anew."""
        heard, self._heard = self._heard, []
        if not self._tells("\n".join(text for _, text in heard)):  # one look at it all takes a tenth of many
            return []
        return [f"{name} stood in {where}: {around}" for where, text in heard for name, around in self._found(text)]

    def _tells(self, text: str) -> bool:
        return any(secret in text for secret in self._known) or any(_shaped(text))

    def _found(self, text: str) -> Iterator[tuple[str, str]]:
        places = [(text.find(secret), secret, name) for secret, name in self._known.items() if secret in text]
        places += [(found.start(), found.group(), "what looks like a secret") for found in _shaped(text)]
        for start, secret, name in places:
            around = text[max(0, start - AROUND) : start + len(secret) + AROUND]
            yield name, repr(f"…{around.replace(secret, '[the secret]')}…")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}: this test shows secrets on purpose; others may not")
    watch = config.stash[WATCH] = Watch()
    patch = pytest.MonkeyPatch()
    for owner, name in HEARD:
        patch.setattr(owner, name, _overheard(watch, f"{owner.__name__}.{name}", getattr(owner, name)))
    for owner, name in RETURNED:
        patch.setattr(owner, name, _heard_out(watch, f"{owner.__name__}.{name}", getattr(owner, name)))
    config.add_cleanup(patch.undo)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Learn what the collected modules, and those that they import, name as secrets."""
    collected = {item.module for item in session.items if isinstance(item, pytest.Function)}
    imported = {module for name, module in sys.modules.items() if name.startswith(("tests.", "infra.sandbox."))}
    for module in collected | imported:
        session.config.stash[WATCH].learn(module.__name__, vars(module))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Learn the passwords of the databases that fixtures make."""
    value = yield
    request.config.stash[WATCH].learn_address(fixturedef.argname, value)
    return value


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Once a test is over look at all that it told, captured output and logs of its processes included."""
    report = yield
    if report.when == "teardown":
        watch = item.config.stash[WATCH]
        for where, text in [*report.sections, *_log_files(item)]:
            watch.hear(where, text)
        leaks = watch.leaks()
        if leaks and item.get_closest_marker(MARK) is None and report.passed:
            report.outcome = "failed"
            report.longrepr = "\n".join(leaks)
    return report


def _shaped(text: str) -> Iterator[re.Match[str]]:
    for hint, shape in SHAPES.items():
        if hint in text:
            yield from shape.finditer(text)


def _log_files(item: pytest.Item) -> Iterator[tuple[str, str]]:
    found: dict[str, object] = getattr(item, "funcargs", {})
    folder = found.get("tmp_path")
    if isinstance(folder, Path):
        for path in folder.rglob("*.log"):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


def _overheard(watch: Watch, where: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def overheard(*arguments: Any, **named: Any) -> Any:
        watch.hear(where, _told(arguments[1:], named) + _bound(arguments[0]))
        return method(*arguments, **named)

    return overheard


def _heard_out(watch: Watch, where: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def heard_out(*arguments: Any, **named: Any) -> Any:
        returned = method(*arguments, **named)
        watch.hear(where, repr(returned))
        return returned

    return heard_out


def _bound(logger: object) -> str:
    """What stands in each line of a logger without being said in it: bound to it, or to the task."""
    if not isinstance(logger, structlog.BoundLoggerBase):
        return ""
    return repr((structlog.get_context(logger), structlog.contextvars.get_contextvars()))


def _told(arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    """All that would be read of a call; of an error that is logged with it, the traceback and its causes, too."""
    pieces = [repr((arguments, named))]
    for values in arguments:
        match values:
            case {"exc_info": BaseException() as error} | {"exc_info": (_, BaseException() as error, _)}:
                pieces += traceback.format_exception(error)
            case _:
                continue
    return "".join(pieces)
