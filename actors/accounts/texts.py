"""What people read of the accounts: a token that ends, whether Auto Post would work, what of the set-up is missing."""

from __future__ import annotations

from actors.accounts.token_warnings import DAY_SECONDS, GONE
from actors.operations.preflight import Outlook, is_lost
from actors.operations.tokens import TokenDue

MOST_NAMED = 3
NOT_CONNECTED = "No Instagram account is connected: tell the operator."
NO_ANSWER = "Instagram does not answer just now."
FILE_TOO_SLOW = "The story's file cannot be reached in time."


def token_ends(due: TokenDue, days: int) -> str:
    """Say what is wrong, what it means and what to do."""
    name = f"@{due.account.username}"
    if days == GONE:
        return (
            f"⛔ Instagram does not let us in to {name} any more: Auto Post cannot publish there. "
            "Ask the operator to connect the account again. Until then post by hand and tap Posted."
        )
    return (
        f"⚠️ Our access to {name} on Instagram ends in {_time_left(due)}, and it could not be renewed. "
        "Ask the operator to connect the account again. Until it ends, Auto Post works as always."
    )


def finding(outlook: Outlook, troubles: tuple[str, ...] = ()) -> str:
    """Say in one line that all is well, or what is not; `troubles` are sentences about what was tried."""
    if outlook.account is None:
        return f"⚠️ {NOT_CONNECTED}"
    name = f"@{outlook.account.username}"
    wrong = (*_known(outlook, name), *troubles)
    if wrong:
        return f"⚠️ {' '.join(wrong)}"
    return "✅ " + ", ".join((f"Ready: {name}", *_good(outlook)))


def no_keys(accounts: int) -> str:
    """Say that nothing opens the tokens that are stored."""
    tokens = "the token of the account" if accounts == 1 else f"the tokens of the {accounts} accounts"
    return f"SECRET_KEYS is not set, so {tokens} cannot be read: set it to the keys that sealed them."


def no_links(live: tuple[int, ...]) -> str:
    """Say that Instagram cannot fetch what these chats publish."""
    return (
        "Neither PUBLIC_URL nor MEDIA_BUCKET is set, so Instagram cannot fetch the stories of "
        f"live {_named(live)}: set one of the two, or say --dry-run."
    )


def no_account(chat_id: int) -> str:
    """Say that a chat is to publish, and has nothing to publish with."""
    return f"Chat {chat_id} is live without an Instagram account: `account add --chat {chat_id}` connects one."


def no_roles(chat_id: int) -> str:
    """Say that no person may tap."""
    return (
        f"In chat {chat_id} only people with a role may tap, and no person has one: "
        f"`member set {chat_id} USER_ID --role reviewer` gives one."
    )


def _named(chats: tuple[int, ...]) -> str:
    if len(chats) == 1:
        return f"chat {chats[0]}"
    names = ", ".join(str(chat) for chat in chats[:MOST_NAMED])
    return f"chats {names}{' and others' if len(chats) > MOST_NAMED else ''}"


def _time_left(due: TokenDue) -> str:
    assert due.seconds_left is not None
    days = round(due.seconds_left / DAY_SECONDS)
    if days > 1:
        return f"{days} days"
    hours = max(1, round(due.seconds_left / 3600))
    return "1 hour" if hours == 1 else f"{hours} hours"


def _known(outlook: Outlook, name: str) -> list[str]:
    """What is wrong without asking further."""
    wrong = []
    if is_lost(outlook):
        wrong.append(f"Instagram wants {name} to be connected again: tell the operator.")
    if outlook.quota is not None and outlook.quota.used >= outlook.quota.total:
        wrong.append(f"{name} has no posts left today ({outlook.quota.used} of {outlook.quota.total} used).")
    return wrong


def _good(outlook: Outlook) -> list[str]:
    good = []
    if outlook.seconds_left is not None:
        good.append(f"token {_days(outlook.seconds_left)}")
    if outlook.quota is not None:
        good.append(f"{outlook.quota.total - outlook.quota.used} of {outlook.quota.total} posts left")
    return good


def _days(seconds: float) -> str:
    days = int(seconds // DAY_SECONDS)
    return "ends today" if days == 0 else "1 day" if days == 1 else f"{days} days"
