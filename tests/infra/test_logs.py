"""What a log line looks like, and what never comes out in one."""

import html
import io
import json
import logging
from collections.abc import Iterator
from enum import Enum
from typing import Literal
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from infra.logs import LONGEST_TEXT, LibraryRecords, Redaction, configure_logs, dropped_line

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
PASSWORD = "correct horse/battery@staple"
DATABASE = "postgresql://anna:hunter2@db:5432/stories"

# They log secrets on purpose: what is hidden here is what was let through elsewhere.
pytestmark = pytest.mark.shows_secrets

Logger = structlog.typing.FilteringBoundLogger


class Verb(Enum):
    SKIP = 1


class FullDisk(io.StringIO):
    def write(self, _text: str, /) -> int:
        raise OSError(28, "No space left on device")


class AsciiStream(io.StringIO):
    def write(self, text: str) -> int:
        text.encode("ascii")
        return super().write(text)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, LibraryRecords)]


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    configure_logs("json", "INFO", (PASSWORD,), stream)
    return stream


@pytest.fixture
def log() -> Logger:
    logger: Logger = structlog.get_logger()
    return logger


def test_a_line_is_one_json_object_with_the_event_first(stream: io.StringIO, log: Logger) -> None:
    log.info("tap", item_id=7, caption="first\nsecond\u2028third")

    [text] = stream.getvalue().splitlines()
    line = json.loads(text)
    assert list(line) == ["event", "level", "timestamp", "item_id", "caption"]
    assert (line["event"], line["level"], line["item_id"]) == ("tap", "info", 7)
    assert line["timestamp"].endswith("Z")


ODD = 'it\'s "Käse" & <b>/\\+ 100%'


@pytest.mark.parametrize(
    "spelled",
    [
        repr(ODD),
        repr([ODD]),
        json.dumps({"a": ODD}),
        json.dumps({"a": ODD}, ensure_ascii=False),
        html.escape(ODD),
        html.escape(ODD, quote=False),
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        quote(ODD, safe="").lower().replace("k%c3", "K%c3"),
    ],
)
def test_secret_is_hidden_however_it_is_spelled(spelled: str) -> None:
    hidden = Redaction((ODD,)).text(f"before {spelled} after")

    assert "***" in hidden
    assert "100" not in hidden


def test_second_half_of_a_token_is_hidden_by_itself() -> None:
    """It is what a library cuts off at a colon, and all that nobody may know."""
    assert Redaction((TOKEN,)).text(f"user={TOKEN.split(':')[1]}") == "user=***"


def test_values_that_json_does_not_know_are_written_plainly(stream: io.StringIO, log: Logger) -> None:
    log.info("tap", verb=Verb.SKIP, delay=float("inf"), keys={(1, 2): {3}}, raw=b"\x00")

    line = json.loads(stream.getvalue())
    assert (line["verb"], line["delay"], line["keys"], line["raw"]) == ("SKIP", "inf", {"(1, 2)": [3]}, "b'\\x00'")


def test_a_value_without_end_is_cut(stream: io.StringIO, log: Logger) -> None:
    endless: list[object] = []
    endless.append(endless)

    log.info("tap", endless=endless, text="x" * (LONGEST_TEXT + 9))

    assert len(stream.getvalue()) < LONGEST_TEXT + 200


def test_a_line_below_the_level_is_not_written(stream: io.StringIO, log: Logger) -> None:
    log.debug("tap")

    assert stream.getvalue() == ""


def test_ids_bound_for_a_message_are_on_its_lines(stream: io.StringIO, log: Logger) -> None:
    with structlog.contextvars.bound_contextvars(tap_id="t1"):
        log.info("tap")

    assert json.loads(stream.getvalue())["tap_id"] == "t1"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (f"got {TOKEN}!", "got ***!"),
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "POST https://api.telegram.org/bot***/getMe"),
        ("http://127.0.0.1:9/file/bot7%3Ashort/a.jpg", "http://127.0.0.1:9/file/bot***/a.jpg"),
        (f"cannot reach {DATABASE}", "cannot reach postgresql://anna:***@db:5432/stories"),
        ("postgres://anna:p@ss/w0rd@db/x", "postgres://anna:***@db/x"),
        ("host=db password=hunter2 user=anna", "host=db password=*** user=anna"),
        ("/v23.0/me?access_token=EAAshort&fields=id", "/v23.0/me?access_token=***&fields=id"),
        ("{'access_token': 'EAAshort', 'id': 1}", "{'access_token': '***', 'id': 1}"),
        ("Authorization header Bearer abc.def-123", "Authorization header Bearer ***"),
        (f"token EAA{'b' * 40} expired", "token *** expired"),
        (
            "https://s.example/media/a.jpg?until=9&signature=short",
            "https://s.example/media/a.jpg?until=9&signature=***",
        ),
        ("GET /b/a.mp4?X-Amz-Signature=0a1b&X-Amz-Date=1", "GET /b/a.mp4?X-Amz-Signature=***&X-Amz-Date=1"),
        ("?x-amz-security-token=FwoG%2F&x=1", "?x-amz-security-token=***&x=1"),
        (
            "image_url=https%3A%2F%2Fs.example%2Fa%3Fsignature%3Dshort",
            "image_url=https%3A%2F%2Fs.example%2Fa%3Fsignature%3D***",
        ),
        ("X-Telegram-Bot-Api-Secret-Token: short", "X-Telegram-Bot-Api-Secret-Token: ***"),
        ("the signature of a function, signatures: 2", "the signature of a function, signatures: 2"),
        (f"password is {PASSWORD}", "password is ***"),
        ("as correct%20horse%2Fbattery%40staple", "as ***"),
        ("Skip at 04:39, item 12:3:1, http://127.0.0.1:8080/", "Skip at 04:39, item 12:3:1, http://127.0.0.1:8080/"),
    ],
)
def test_secrets_are_hidden_and_nothing_else(said: str, written: str) -> None:
    assert Redaction((PASSWORD,)).text(said) == written


def test_a_short_secret_does_not_eat_ordinary_words() -> None:
    redaction = Redaction(("tap",))

    assert redaction.text("tap of tapir at postgres://u:tap@h/x") == "tap of tapir at postgres://u:***@h/x"


def test_a_secret_in_the_event_or_deep_in_a_value_is_hidden(stream: io.StringIO, log: Logger) -> None:
    log.info(TOKEN, reply={"urls": [{"first": (f"/bot{TOKEN}/x",)}], TOKEN: 1, "access_token": "x", "password": b"y"})

    line = json.loads(stream.getvalue())
    assert line["event"] == "***"
    assert line["reply"] == {"urls": [{"first": ["/bot***/x"]}], "***": 1, "access_token": "***", "password": "***"}


def test_a_secret_in_an_object_is_hidden(stream: io.StringIO, log: Logger) -> None:
    log.info("failed", error=ConnectionError(f"no answer from {DATABASE}"), target=["a", ValueError(TOKEN)])

    assert "hunter2" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_a_secret_in_a_traceback_and_its_cause_is_hidden(stream: io.StringIO, log: Logger) -> None:
    error = ExceptionGroup("both", [OSError(DATABASE), ValueError(f"/bot{TOKEN}/getUpdates")])
    error.__cause__ = RuntimeError(PASSWORD)

    log.error("stopped", exc_info=error)

    line = json.loads(stream.getvalue())
    assert "ExceptionGroup: both" in line["exception"]
    assert "OSError: postgresql://anna:***@db:5432/stories" in line["exception"]
    assert "/bot***/getUpdates" in line["exception"]
    assert "RuntimeError: ***" in line["exception"]


@pytest.mark.parametrize("name", ["httpx", "telegram.Bot", "aiohttp.client", "asyncpg"])
def test_what_a_library_logs_is_one_line_without_the_token(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).warning("HTTP Request: POST %s", f"https://api.telegram.org/bot{TOKEN}/sendPhoto")

    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["logger"]) == ("library", "warning", name)
    assert line["message"] == "HTTP Request: POST https://api.telegram.org/bot***/sendPhoto"


def test_a_library_is_not_heard_below_warning(stream: io.StringIO) -> None:
    configure_logs("json", "DEBUG", stream=stream)

    logging.getLogger("httpx").info("HTTP Request: POST /bot%s/getMe", TOKEN)

    assert stream.getvalue() == ""


def test_a_library_traceback_is_kept_without_secrets(stream: io.StringIO) -> None:
    logging.getLogger("asyncio").error("task failed", exc_info=OSError(DATABASE))

    assert json.loads(stream.getvalue())["exception"] == "OSError: postgresql://anna:***@db:5432/stories"


def test_a_library_record_that_cannot_be_formatted_is_logged_as_it_stands(stream: io.StringIO) -> None:
    record = logging.LogRecord("aiohttp", logging.ERROR, __file__, 1, "%d of %d", ("one",), None)

    LibraryRecords().handle(record)

    assert json.loads(stream.getvalue())["message"] == "%d of %d"


def test_a_library_record_is_written_once_after_a_second_configuration(stream: io.StringIO) -> None:
    configure_logs("json", "INFO", stream=stream)

    logging.getLogger("aiohttp").error("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_the_console_hides_the_same(log: Logger) -> None:
    stream = io.StringIO()
    configure_logs("console", "INFO", (PASSWORD,), stream)

    log.error("tap", url=f"/bot{TOKEN}/x", exc_info=OSError(PASSWORD))

    assert "url=/bot***/x" in stream.getvalue()
    assert "OSError: ***" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_a_full_disk_does_not_stop_who_logs(log: Logger) -> None:
    configure_logs("json", "INFO", stream=FullDisk())

    log.info("tap")


def test_a_closed_stream_does_not_stop_who_logs(stream: io.StringIO, log: Logger) -> None:
    stream.close()

    log.info("tap")


def test_a_console_that_knows_ascii_only_gets_escapes(log: Logger) -> None:
    stream = AsciiStream()
    configure_logs("console", "INFO", stream=stream)

    log.info("tap", by="Zoë")

    assert "Zo\\xeb" in stream.getvalue()


STRANGE = "evil\u202egpj.\u200b\x1b[2J\x9b1m\x7f\r\u2066"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_nothing_that_a_terminal_obeys_is_in_a_line(log: Logger, log_format: Literal["console", "json"]) -> None:
    """A log is read in one, and names come from anybody."""
    stream = io.StringIO()
    configure_logs(log_format, "INFO", stream=stream)

    log.info(STRANGE, title=STRANGE, two=f"{STRANGE} words", names=[STRANGE], by={STRANGE: STRANGE})

    assert {one for one in stream.getvalue() if not one.isprintable()} == {"\n"}
    assert stream.getvalue().count("\n") == 1
    assert "\\u202e" in stream.getvalue()


def test_console_keeps_the_lines_of_a_traceback_and_no_others(log: Logger) -> None:
    stream = io.StringIO()
    configure_logs("console", "INFO", stream=stream)

    log.error("tap", title="first\nsecond", exc_info=OSError(STRANGE))

    first, *_, last = stream.getvalue().splitlines()
    assert "first" in first
    assert "second" in first
    assert last.startswith("OSError: evil\\u202egpj")


@pytest.mark.parametrize("level", ["DEBUG", "ERROR"])
def test_lines_that_were_dropped_are_counted_in_a_line_like_the_others(stream: io.StringIO, level: str) -> None:
    """Whatever the level: errors may have been among them."""
    configure_logs("json", level, stream=stream)

    line = json.loads(dropped_line(7))

    assert (line["event"], line["level"], line["lines"]) == ("log.dropped", "error", 7)
    assert list(line) == ["event", "level", "timestamp", "lines"]


def test_without_a_stream_lines_go_to_stdout(capsys: pytest.CaptureFixture[str], log: Logger) -> None:
    configure_logs("json", "INFO")

    log.info("tap")

    assert json.loads(capsys.readouterr().out)["event"] == "tap"


@given(before=st.text(), after=st.text(), token=st.from_regex(r"[1-9][0-9]{5,9}:[A-Za-z0-9_-]{35}", fullmatch=True))
def test_no_surroundings_let_a_token_through(before: str, after: str, token: str) -> None:
    assert token.split(":")[1] not in Redaction(()).text(f"{before}{token}{after}")


@given(st.text(alphabet="abc:/@= \"'&?%3A", max_size=200))
def test_redaction_is_done_after_one_pass(text: str) -> None:
    redaction = Redaction(())

    once = redaction.text(text)

    assert redaction.text(once) == once
