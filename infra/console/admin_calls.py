"""Asks for an operator's changes, and words its refusals and failures for the person who typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

import anyio

from actors.accounts.shortcomings import concerning, shortcomings
from actors.domain.item import FINAL, State
from actors.errors import AnswerLost, PortError, Unreachable
from infra.console.exit_codes import Failed, WrongInput, warn
from infra.console.ports import Admin, ConsoleDependencies, Lines
from infra.console.printing import Line
from infra.console.times import by_clock, common, told

T = TypeVar("T")


def ask(opened: ConsoleDependencies, question: Callable[[Admin], Awaitable[Lines]]) -> Lines:
    """Connect, ask one thing and disconnect; raises WrongInput or Failed."""

    async def session() -> Lines:
        async with opened.admin() as admin:
            return await question(admin)

    lines = run(session)
    if lines and "refused" in lines[0]:
        raise refusal(lines[0])
    return lines


def change(opened: ConsoleDependencies, question: Callable[[Admin], Awaitable[Lines]]) -> Line:
    """Ask for one change; then say on stderr what the chat that it concerns still lacks."""

    async def look(admin: Admin) -> Lines:
        lines = await question(admin)
        if "refused" not in lines[0]:
            chat_id = int(lines[0].get("chat_id") or lines[0]["id"])
            warn(concerning(chat_id, shortcomings(await admin.look_at_set_up(), opened.means())))
        return lines

    return ask(opened, look)[0]


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run what needs an event loop; raises Failed."""
    with _failures_told():
        return anyio.run(work)


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except AnswerLost as error:
        raise Failed(
            f"{_clause(error)}: it may have been done, so look with a `list` command before you try again."
        ) from error
    except Unreachable as error:
        raise Failed(f"{_clause(error)}; nothing was changed.") from error
    except PortError as error:
        raise Failed(_begun(error)) from error


def _begun(error: PortError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def _clause(error: PortError) -> str:
    return _begun(error).removesuffix(".")


def refusal(line: Line) -> WrongInput:
    """Word a refusal of the database for who typed."""
    return WrongInput(_sentence(line))


def _sentence(line: Line) -> str:
    return _SENTENCES[line["refused"]](line)


def _unknown_chat(line: Line) -> str:
    chat = line["chat_id"]
    return f"Chat {chat} is not set up: `chat add {chat}` does that, and `chat list` shows those that are."


def _chat_exists(line: Line) -> str:
    return f"Chat {line['chat_id']} is there already: use `chat set {line['chat_id']}` to change it."


def _unknown_media(line: Line) -> str:
    chat = line["chat_id"]
    return f"Chat {chat} has no media {line['media_id']}: `media list --chat {chat}` shows what it has."


def _unknown_item(line: Line) -> str:
    return f"There is no item {line['item_id']}: `queue list --all` shows every one."


def _queued_already(line: Line) -> str:
    item = line["item_id"]
    return f"Media {line['media_id']} is in the queue already, as item {item}: `queue remove {item}` takes it out."


def _locked(line: Line) -> str:
    at = told(line["at"], common([line["timezone"]]))
    past = f"Media {line['media_id']} was {line['kind']} on {at} (item {line['item_id']})"
    if line["until"] is None:
        return f"{past} and never comes again."
    return f"{past} and may not come again before {by_clock(line, 'until')}: --force queues it all the same."


def _cannot_withdraw(line: Line) -> str:
    state = State(line["state"])
    if state in FINAL:
        return f"Item {line['item_id']} is {_settled(line)} already: there is nothing to take out."
    if state is State.PUBLISHING:
        return f"Item {line['item_id']} is being published: wait for the outcome, or skip it on its card."
    return f"Item {line['item_id']} is in doubt, it may be live: decide that on its card first."


def _cannot_requeue(line: Line) -> str:
    again = "" if line["state"] != State.WITHDRAWN.value else " (`queue add` queues its story anew)"
    return f"Item {line['item_id']} is {_settled(line)}: only a skipped or expired item can come back{again}."


def _unknown_account(line: Line) -> str:
    return f"There is no account {line['account_id']}: `account list` shows those that are connected."


def _account_busy(line: Line) -> str:
    return f"Account {line['username']} is publishing right now: wait until its stories are out."


def _settled(line: Line) -> str:
    state = State(line["state"])
    name = state.value.replace("_", " ")
    if state not in FINAL or line["settled_at"] is None:
        return name
    by = f" by {line['settled_by']}" if line["settled_by"] else ""
    return f"{name}{by} since {by_clock(line, 'settled_at')}"


_SENTENCES: Mapping[str, Callable[[Line], str]] = MappingProxyType(
    {
        "unknown_chat": _unknown_chat,
        "chat_exists": _chat_exists,
        "unknown_media": _unknown_media,
        "unknown_item": _unknown_item,
        "queued_already": _queued_already,
        "locked": _locked,
        "cannot_withdraw": _cannot_withdraw,
        "cannot_requeue": _cannot_requeue,
        "unknown_account": _unknown_account,
        "account_busy": _account_busy,
    }
)
