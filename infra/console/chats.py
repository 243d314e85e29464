"""`chat`: the groups, and how each of them is served."""

from __future__ import annotations

from typing import Any

import anyio
import typer

from actors.domain import group_ids
from actors.domain.group_ids import Finding, Group
from actors.domain.time_zones import is_known
from actors.errors import BotTokenRefused, ChatMoved, PortError
from actors.ports import Groups
from infra.console import arguments
from infra.console.admin_calls import ask, change, run
from infra.console.exit_codes import OneSentence, TakesChatId, WrongInput, warn
from infra.console.ports import Admin, ConsoleDependencies, Lines
from infra.console.printing import Columns, Line, show_lines, show_sentence, show_table
from infra.console.program import examples

CONNECT = "`account add --chat {}` connects one"
COLUMNS: Columns = {
    "id": lambda line: line["id"],
    "title": lambda line: line["title"],
    "mode": lambda line: "live" if line["live"] else "dry run",
    "account": lambda line: line["account"],
    "taps by": lambda line: "roles" if line["restricted"] else "all members",
    "paused": lambda line: line["paused"],
    "time zone": lambda line: _zone(line["timezone"]),
    "gap, s": lambda line: line["gap_seconds"],
    "review, h": lambda line: line["review_hours"],
    "topic": lambda line: line["topic"],
    "waiting": lambda line: line["waiting"],
    "in review": lambda line: line["in_review"],
}
ASK_SECONDS = 10.0
# General has a number of its own, and refuses what is sent to it by that: https://core.telegram.org/api/forum.
TOPIC_OF_GENERAL, GENERAL = 1, 0


def commands(opened: ConsoleDependencies) -> typer.Typer:
    """Build the group."""
    app = typer.Typer(cls=OneSentence, help="The groups, and how each of them is served.")
    _put_add(app, opened)
    _put_set(app, opened)
    _put_list(app, opened)
    return app


def _put_add(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command(
        cls=TakesChatId,
        epilog=examples(
            'chat add -1001234567890 --title "Our team" --timezone Europe/Berlin',
            "chat add -1001234567890 --live --account studio",
        ),
    )
    def add(  # noqa: PLR0913, PLR0917 - what can be typed
        chat_id: arguments.ChatId,
        title: arguments.Title = None,
        timezone: arguments.Zone = None,
        live: arguments.Live = None,
        account: arguments.AccountName = None,
        restricted: arguments.Restricted = None,
        topic: arguments.Topic = None,
        gap_seconds: arguments.Gap = None,
        review_hours: arguments.Hours = None,
        repost_days: arguments.RepostDays = None,
        skip_days: arguments.SkipDays = None,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Set up a group; it rehearses (dry run) until you say --live."""
        columns = _columns(
            title=title,
            timezone=timezone,
            live=live,
            account=account,
            restricted=restricted,
            topic=GENERAL if topic == TOPIC_OF_GENERAL else topic,
            gap_seconds=gap_seconds,
            review_hours=review_hours,
            repost_days=repost_days,
            skip_days=skip_days,
        )
        remarks = run(lambda: remarks_on_group(opened, chat_id))
        if account:
            raise WrongInput(f"Chat {chat_id} is new and has no account {account}: {CONNECT.format(chat_id)}.")
        _show(change(opened, lambda admin: admin.add_chat(chat_id, columns)), as_json)
        warn(remarks)


def _put_set(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command(
        name="set",
        cls=TakesChatId,
        epilog=examples(
            "chat set -1001234567890 --live",
            "chat set -1001234567890 --pause",
            "chat set -1001234567890 --gap-seconds 900",
        ),
    )
    def alter(  # noqa: PLR0913, PLR0917 - what can be typed
        chat_id: arguments.ChatId,
        title: arguments.Title = None,
        timezone: arguments.Zone = None,
        live: arguments.Live = None,
        account: arguments.AccountName = None,
        restricted: arguments.Restricted = None,
        topic: arguments.Topic = None,
        paused: arguments.Paused = None,
        gap_seconds: arguments.Gap = None,
        review_hours: arguments.Hours = None,
        repost_days: arguments.RepostDays = None,
        skip_days: arguments.SkipDays = None,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Change what you name, and nothing else."""
        columns = _columns(
            title=title,
            timezone=timezone,
            live=live,
            account=account,
            restricted=restricted,
            topic=GENERAL if topic == TOPIC_OF_GENERAL else topic,
            paused=paused,
            gap_seconds=gap_seconds,
            review_hours=review_hours,
            repost_days=repost_days,
            skip_days=skip_days,
        )
        if not columns:
            raise WrongInput(f"Say what to change of chat {chat_id}, like --live or --pause; --help lists it all.")
        _show(change(opened, lambda admin: _set(admin, chat_id, columns)), as_json)


def _put_list(app: typer.Typer, opened: ConsoleDependencies) -> None:
    @app.command(name="list")
    def show_all(as_json: arguments.AsJson = False) -> None:
        """Show every group that is set up."""
        lines = ask(opened, lambda admin: admin.list_chats())
        if as_json:
            show_lines(lines)
        elif lines:
            show_table(lines, COLUMNS)
        else:
            show_sentence("No chat is set up yet: `chat add CHAT_ID` does that.")


def _zone(name: str) -> str:
    return name if is_known(name) else f"UTC: {name} is not known here"


async def _set(admin: Admin, chat_id: int, columns: dict[str, Any]) -> Lines:
    """A chat publishes by accounts that are connected: a name that none of them has means nothing."""
    name = columns.get("account")
    if not name:
        return await admin.set_chat(chat_id, columns)
    accounts = await admin.list_accounts(chat_id)
    if accounts and "refused" in accounts[0]:
        return accounts
    ids = {str(line["username"]).casefold(): line["id"] for line in accounts}
    if name.casefold() not in ids:
        known = f"it has {', '.join(ids)}; " if ids else ""
        raise WrongInput(f"Chat {chat_id} has no account {name}: {known}{CONNECT.format(chat_id)}.")
    chosen = await admin.set_account(ids[name.casefold()])
    if "refused" in chosen[0]:
        return chosen
    return await admin.set_chat(chat_id, {key: value for key, value in columns.items() if key != "account"})


def _columns(**named: Any) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value is not None}


def _show(line: Line, as_json: bool) -> None:
    if as_json:
        show_lines([line])
        return
    mode = f"live as {line['account'] or 'no account yet'}" if line["live"] else "dry run"
    who = "members with a role may tap" if line["restricted"] else "any member may tap"
    paused = ", paused" if line["paused"] else ""
    topic = f", cards in topic {line['topic']}" if line["topic"] else ""
    times = f"times in {_zone(line['timezone'])}"
    show_sentence(f"Chat {line['id']} ({line['title']}): {mode}, {who}{topic}, {times}{paused}.")


async def remarks_on_group(opened: ConsoleDependencies, chat_id: int) -> list[str]:
    """Say what is not right yet; raises WrongInput for an id that never becomes a group's."""
    finding = await _find(opened, chat_id)
    if finding is not None and finding.hopeless:
        raise WrongInput(finding.sentence)
    return [] if finding is None else [finding.sentence]


async def _find(opened: ConsoleDependencies, chat_id: int) -> Finding | None:
    looks = group_ids.unasked(chat_id)
    if looks is not None and looks.hopeless:
        return looks
    async with opened.groups() as groups:
        if groups is None:
            return looks
        try:
            with anyio.fail_after(ASK_SECONDS):
                return await _asked(groups, chat_id)
        except ChatMoved as moved:
            return group_ids.moved(chat_id, moved.chat_id)
        except BotTokenRefused as refused:
            return Finding(str(refused))
        except (PortError, TimeoutError) as error:
            why = str(error) or "no answer in time"
            return Finding(f"Telegram could not be asked whether {chat_id} is the id of your group ({why}).")


async def _asked(groups: Groups, chat_id: int) -> Finding | None:
    group = await groups.look_up(chat_id)
    if group is not None:
        return group_ids.asked(chat_id, group)
    return group_ids.not_known(chat_id, await _near(groups, chat_id))


async def _near(groups: Groups, chat_id: int) -> tuple[int, Group] | None:
    """A group that the bot is in, under an id that may be meant."""
    for other in group_ids.meant(chat_id):
        group = await groups.look_up(other)
        if group is not None and group.name and group.bot_is_in:
            return other, group
    return None
