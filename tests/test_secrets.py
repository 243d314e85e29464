"""The whole run is watched for secrets; this is the one place where they get out, to show that they are caught."""

import re

import pytest

pytestmark = pytest.mark.shows_secrets

TOLD = re.compile(r"^(.+) stood in (.+?): ", re.MULTILINE)

LEAKS = """
import logging
import subprocess

import pytest
import structlog
import typer
from typer.testing import CliRunner

from actors.audit.interaction_log import InteractionLogger
from actors.operations.housekeeping import Interaction
from infra.sandbox.telegram.model import ChatMessage, Content, User
from infra.sandbox.telegram.world import NewChat, World
from tests.actors.fakes import FakeChat

API_TOKEN = "one-that-opens-nothing"
ANNA = User(11, "Anna")


@pytest.fixture
def address():
    return "postgresql://everytap:made-for-one-run@db.example/x"


def test_output():
    print(API_TOKEN)


def test_library():
    logging.getLogger("some.library").warning("called with %s", API_TOKEN)


def test_line():
    structlog.configure(processors=[lambda *_: "the second fence hides it"])
    structlog.get_logger().info("called", url=f"/bot{API_TOKEN}/getMe")
    structlog.reset_defaults()


def test_bound_to_a_logger():
    structlog.configure(processors=[lambda *_: "the second fence hides it"])
    structlog.get_logger().bind(url=API_TOKEN).info("called")
    structlog.reset_defaults()


def test_bound_to_the_task():
    structlog.configure(processors=[lambda *_: "the second fence hides it"])
    with structlog.contextvars.bound_contextvars(url=API_TOKEN):
        structlog.get_logger().info("called")
    structlog.reset_defaults()


def test_traceback():
    error = RuntimeError("above")
    error.__cause__ = OSError(API_TOKEN)
    structlog.configure(processors=[lambda *_: "the second fence hides it"])
    structlog.get_logger().error("crashed", exc_info=error)
    structlog.reset_defaults()


def test_card():
    world = World()
    chat = world.create_chat(NewChat("Team", [ANNA]), 0.0)
    world.send(str(chat.id), Content("text", f"Not published: {API_TOKEN}"), 1.0)


async def test_words_of_the_fake_chat():
    await FakeChat().send_text(1, f"Not published: {API_TOKEN}")


def test_process():
    subprocess.run(["/bin/echo", API_TOKEN], capture_output=True, check=True)


def test_process_that_is_listened_to():
    with subprocess.Popen(["/bin/sh", "-c", "echo one-that-opens-; echo $0", API_TOKEN], stdout=subprocess.PIPE) as it:
        it.communicate()


def test_command():
    app = typer.Typer()
    app.command()(lambda: typer.echo(API_TOKEN))
    CliRunner().invoke(app)


async def test_row_of_an_interaction():
    InteractionLogger(None, "one").tell(Interaction(1, "tap", 11, API_TOKEN, 2, "3", 0))


def test_edit():
    ChatMessage(1, 2, ANNA, []).show(Content("text", API_TOKEN), 1.0)


def test_log_file(tmp_path):
    (tmp_path / "worker.log").write_text(API_TOKEN)


def test_password(address):
    print("made-for-one-run")


@pytest.mark.parametrize("start, end", [
    ("bot 123456:AA", ""), ("EAA", ""), ("IGAA", ""), ("gAAAAA", ""), ("signature=", ""), ("postgresql://me:", "@db/x"),
    ("xxx", "="),
])
def test_made_up_on_the_spot(start, end):
    print(start + 40 * "x" + end)


def test_that_keeps_its_secret(address, tmp_path):
    print(len(API_TOKEN), "postgresql://everytap:***@db.example/x", tmp_path)


@pytest.mark.shows_secrets
def test_that_shows_it_on_purpose():
    print(API_TOKEN)
"""


def test_no_way_out_is_unwatched(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LEAKS)
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n")

    ran = pytester.runpytest_inprocess(
        "-p", "tests.plugins.secrets", "-p", "no:hypothesispytest", "-o", "anyio_mode=auto"
    )

    ran.assert_outcomes(passed=24, errors=22)
    assert {where for _, where in TOLD.findall(str(ran.stdout))} == {
        "Captured stdout call",
        "Captured log call",
        "BoundLoggerBase._process_event",
        "World.send",
        "FakeChat.send_text",
        "InteractionLogger.tell",
        "ChatMessage.show",
        "Popen.communicate",
        "Result.__init__",
        "CompletedProcess.__init__",
        "worker.log",
    }


def test_what_is_said_of_a_leak_does_not_repeat_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LEAKS)

    ran = pytester.runpytest_inprocess("-p", "tests.plugins.secrets", "-p", "no:hypothesispytest", "-k", "test_card")

    ran.assert_outcomes(passed=1, errors=1, deselected=23)
    assert "one-that-opens-nothing" not in str(ran.stdout)
    ran.stdout.fnmatch_lines("*.API_TOKEN stood in World.send: *Not published: [[]the secret]*")
