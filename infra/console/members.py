"""`member`: who may tap in a restricted group."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from infra.console import arguments
from infra.console.admin_calls import ask, change
from infra.console.exit_codes import OneSentence, TakesChatId, WrongInput
from infra.console.ports import ConsoleDependencies
from infra.console.printing import Columns, show_lines, show_sentence, show_table
from infra.console.program import examples


class Role(Enum):
    """What a member may do in a group."""

    REVIEWER = "reviewer"
    ADMIN = "admin"
    NONE = "none"


RoleOption = Annotated[Role | None, typer.Option(help="none: may not tap in a restricted group.")]
Name = Annotated[str | None, typer.Option(parser=arguments.title, metavar="NAME", help="Until they tap themselves.")]

COLUMNS: Columns = {
    "id": lambda line: line["id"],
    "chat": lambda line: line["chat_id"],
    "name": lambda line: line["name"],
    "role": lambda line: line["role"],
    "taps": lambda line: line["taps"],
    "posted": lambda line: line["posted"],
    "skipped": lambda line: line["skipped"],
    "rejected": lambda line: line["rejected"],
}


def commands(opened: ConsoleDependencies) -> typer.Typer:
    """Build the group."""
    app = typer.Typer(cls=OneSentence, help="Who may tap in a restricted group.")

    @app.command(name="set", cls=TakesChatId, epilog=examples("member set -1001234567890 7 --role reviewer"))
    def alter(  # noqa: PLR0913, PLR0917 - what can be typed
        chat_id: arguments.ChatId,
        user_id: arguments.UserId,
        role: RoleOption = None,
        name: Name = None,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Give a member a role, or take it."""
        columns: dict[str, str | None] = {}
        if role is not None:
            columns["role"] = None if role is Role.NONE else role.value
        if name is not None:
            columns["name"] = name
        if not columns:
            raise WrongInput("Say what to change: --role reviewer, --role admin, --role none or --name NAME.")
        line = change(opened, lambda admin: admin.set_member(chat_id, user_id, columns))
        if as_json:
            show_lines([line])
        else:
            show_sentence(
                f"{line['name']} ({line['id']}) is {line['role'] or 'without a role'} in chat {line['chat_id']}."
            )

    @app.command(name="list")
    def show_all(chat: arguments.OfChat = None, as_json: arguments.AsJson = False) -> None:
        """Show who tapped so far, and who has a role."""
        lines = ask(opened, lambda admin: admin.list_members(chat))
        if as_json:
            show_lines(lines)
        elif lines:
            show_table(lines, COLUMNS)
        else:
            show_sentence("No person is known yet: each who taps will be, and `member set` gives a role.")

    return app
