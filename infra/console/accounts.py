"""`account`: the Instagram accounts by which chats publish. A token is never typed on the line, nor shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from actors.domain.account import Login, whose
from actors.errors import Refused, Unreachable
from infra.console import arguments
from infra.console.admin_calls import ask, change
from infra.console.exit_codes import OneSentence, WrongInput
from infra.console.ports import Admin, ConsoleDependencies, Lines, TokenHolder
from infra.console.printing import Columns, show_lines, show_sentence, show_table
from infra.console.program import examples
from infra.console.times import common, shown

LoginOption = Annotated[Login, typer.Option(help="How the account is connected: by Facebook or by Instagram itself.")]
OfUser = Annotated[str | None, typer.Option("--ig-user-id", help="Which account, if the token is good for several.")]


def _token(line: Mapping[str, Any], zone: str) -> str:
    if line["token_gone"]:
        return "gone: connect it again"
    return shown(line["token_expires_at"], zone) if line["token_expires_at"] else "has no end"


def _data_access(line: Mapping[str, Any], zone: str) -> str:
    """Until when Instagram lets the app see anything: its person has to connect the account again by then."""
    ends = line.get("data_access_ends_at")
    return shown(ends, zone) if ends else "not told"


def _columns(zone: str) -> Columns:
    return {
        "id": lambda line: line["id"],
        "chat": lambda line: line["chat_id"],
        "name": lambda line: line["username"],
        "login": lambda line: line["login"],
        "active": lambda line: line["active"],
        f"token until ({zone})": lambda line: _token(line, zone),
        f"data access until ({zone})": lambda line: _data_access(line, zone),
    }


def commands(opened: ConsoleDependencies) -> typer.Typer:
    """Build the group."""
    app = typer.Typer(cls=OneSentence, help="The Instagram accounts by which chats publish.")

    @app.command(epilog=examples("account add --chat -1001234567890 --login facebook < token.txt"))
    def add(
        chat: arguments.InChat,
        login: LoginOption,
        ig_user_id: OfUser = None,
        as_json: arguments.AsJson = False,
    ) -> None:
        """Connect an account, or give it a new token: the token is read from ACCOUNT_TOKEN, otherwise from stdin."""
        token = _one_word(opened.safe.given_token() or _typed())
        line = change(opened, lambda admin: _connect(opened, admin, chat, (token, login, ig_user_id)))
        _show(line, as_json, f"Account {line['id']}, {line['username']}, is connected to chat {line['chat_id']}.")

    @app.command(name="list")
    def show_all(chat: arguments.OfChat = None, as_json: arguments.AsJson = False) -> None:
        """Show the accounts of a chat, or of all."""
        lines = ask(opened, lambda admin: admin.list_accounts(chat))
        if as_json:
            show_lines(lines)
        elif lines:
            show_table(lines, _columns(common(line["timezone"] for line in lines)))
        else:
            show_sentence("No account is connected yet: `account add` does that.")

    @app.command(name="set")
    def activate(
        account_id: arguments.AccountId, chat: arguments.OfChat = None, as_json: arguments.AsJson = False
    ) -> None:
        """Have its chat publish by this account from the next tap on."""
        line = change(opened, lambda admin: _activate(admin, account_id, chat))
        _show(line, as_json, f"Chat {line['chat_id']} publishes as {line['username']} from the next tap on.")

    @app.command()
    def remove(account_id: arguments.AccountId, as_json: arguments.AsJson = False) -> None:
        """Forget an account and its token."""
        line = change(opened, lambda admin: admin.remove_account(account_id))
        _show(line, as_json, f"Account {line['id']}, {line['username']}, is forgotten, and its token with it.")

    @app.command()
    def new_key() -> None:
        """Print a key for SECRET_KEYS."""
        show_sentence(opened.safe.new_key())

    @app.command()
    def rotate_keys(as_json: arguments.AsJson = False) -> None:
        """Seal every token again with the first of SECRET_KEYS, for its account alone; the others may go then."""
        lines = ask(opened, lambda admin: _rotate(opened, admin))
        if as_json:
            show_lines(lines)
        else:
            show_sentence(f"{len(lines)} tokens are sealed with the first key now.")

    return app


async def _connect(
    opened: ConsoleDependencies, admin: Admin, chat_id: int, given_by: tuple[str, Login, str | None]
) -> Lines:
    """Ask Instagram first: a token that is no good is refused before anything is stored."""
    token, login, _ = given_by
    _sealed(opened, token, "")  # without a key there is nothing to ask for
    try:
        owner: TokenHolder = await opened.safe.who(*given_by)
    except Refused as error:
        raise WrongInput(str(error)) from error
    account = {
        "ig_user_id": owner.ig_user_id,
        "username": owner.username,
        "login": login.value,
        "sealed_token": _sealed(opened, owner.exchanged or token, whose(login, owner.ig_user_id)),
        "token_expires_at": owner.expires_at,
        "data_access_ends_at": owner.data_access_ends_at,
    }
    return await admin.add_account(chat_id, account)


async def _activate(admin: Admin, account_id: int, chat_id: int | None) -> Lines:
    """An account belongs to one chat; naming another one is a slip, and nothing changes."""
    if chat_id is not None:
        lines = await admin.list_accounts(chat_id)
        if lines and "refused" in lines[0]:
            return lines
        if account_id not in [line["id"] for line in lines]:
            raise WrongInput(
                f"Chat {chat_id} has no account {account_id}: `account list --chat {chat_id}` shows its own."
            )
    return await admin.set_account(account_id)


async def _rotate(opened: ConsoleDependencies, admin: Admin) -> Lines:
    vault = opened.safe.vault()
    lines: Lines = []
    sealed = await admin.sealed_tokens()
    accounts = {line["id"]: line for line in await admin.list_accounts(None)}
    for found in sealed:
        account, old = accounts.get(found["id"]), found["sealed"].encode()
        if account is None:  # forgotten just now
            continue
        try:
            new = vault.renew(old, whose(Login(account["login"]), account["ig_user_id"]))
        except Unreachable as error:
            raise WrongInput(f"Account {found['id']}, {found['username']}: {error}") from error
        lines += await admin.reseal_token(found["id"], old, new)
    return lines


def _sealed(opened: ConsoleDependencies, token: str, account: str) -> bytes:
    try:
        return opened.safe.vault().seal(token, account)
    except Unreachable as error:
        raise WrongInput(f"{error} `account new-key` prints one.") from error


def _typed() -> str:
    if sys.stdin.isatty():
        text: str = typer.prompt("Token", hide_input=True)
        return text
    return sys.stdin.readline()


def _one_word(text: str) -> str:
    token = text.strip()
    if not token:
        raise WrongInput("No token was given: type it, or send it to stdin, like `account add … < token.txt`.")
    if not token.isascii() or len(token.split()) != 1:
        raise WrongInput("What was given is no token: one word of ASCII letters and digits.")
    return token


def _show(line: Mapping[str, Any], as_json: bool, sentence: str) -> None:
    if as_json:
        show_lines([line])
    else:
        show_sentence(sentence)
