"""The sentences in which a publish is told to the team."""

from __future__ import annotations

from actors.domain.account import DoubtHints
from actors.errors import Answered
from actors.publish.messages import numbers

BY_HAND = "Post by hand and tap Posted."
AGAIN = "Tap Auto Post to try again."
NOT_CONNECTED = f"Nothing was published: Instagram is not connected for this chat. {BY_HAND}"
TOKEN_GONE = "Nothing was published: Instagram wants this account to be connected again. Tell the operator."  # noqa: S105 - a sentence
RECONNECT = "The operator has to connect the account again."
CONNECTED_SINCE = f"Nothing was published: the account had to be connected, which was done since. {AGAIN}"
TOOK_TOO_LONG = f"Nothing was published: Instagram took too long to fetch the file. {AGAIN}"
SILENT = "Instagram did not answer in time."
NO_ACCOUNT_NOW = "The account wants to be connected again."
UNTOLD = "Something went wrong on the way to Instagram."
LATER = "Tap Auto Post to try again later."
FILE_REFUSED = "Nothing was published: Instagram could not use the file."
CONTAINER_EXPIRED = f"Nothing was published: Instagram let the prepared story expire. {AGAIN}"
LOST = "Instagram's answer was lost."
UNCLEAR = "It was not known whether this was published."
UNSEEN = "Instagram does not show us what became of it."
UNPREPARED = f"Nothing was published: Instagram failed to prepare the story several times. {BY_HAND}"
ASK = "Look at Instagram, then say what you see."


def refused(sentence: str) -> str:
    """Begin with what matters."""
    return sentence if sentence.startswith("Nothing was published") else f"Nothing was published: {sentence}"


def once_connected(sentence: str, *, token_gone: bool) -> str | None:
    """Say what is true of a refusal once the account is connected again; None: that changes nothing of it."""
    asks = token_gone or sentence in {NOT_CONNECTED, TOKEN_GONE} or RECONNECT in sentence
    return CONNECTED_SINCE if asks else None


def unprefixed(sentence: str) -> str:
    """Leave out that nothing was published, where no publish was asked for."""
    return sentence.removeprefix("Nothing was published: ")


def later(sentence: str) -> str:
    """Say why it could not be done just now; only what was not answered could not be reached."""
    return f"{refused(sentence or UNTOLD)} {LATER}"


def lost(sentence: str, answered: Answered | None) -> str:
    """Say why it is not known: an error that was returned proves nothing, but it is no lost answer."""
    if answered is None:
        return sentence or LOST
    return f"Instagram returned an error ({numbers(answered)})."


def still_in_doubt(why: str) -> str:
    """Say that people's word alone is no proof, and what ends the doubt all the same."""
    return f"Nothing was sent again: {unprefixed(why)} If it is not live, post it by hand and tap It is live."


def named(refusal: str, *, seen: bool) -> str:
    """Say what Instagram refused a publish call with; `seen`: that nothing is live was looked at."""
    return refused(refusal) if seen else f"Instagram said: {unprefixed(refusal)}"


def seen_live(lost_to: str | None) -> str:
    """Say what was found after all."""
    return f"{lost_to or UNCLEAR} Instagram says now that the story is live."


def token_in_doubt(lost_to: str | None) -> str:
    """Say why looking is impossible."""
    return f"{lost_to or LOST} It takes our token no more. {ASK}"


def plainly_in_doubt(lost_to: str | None) -> str:
    """Say the same once the token is none of the reasons any more."""
    return f"{lost_to or LOST} {ASK}"


def in_doubt(hints: DoubtHints, lost_to: str | None = None) -> str:
    """Say what is known, as hints: it proves nothing."""
    seen = []
    if hints.used_since is not None:
        seen.append(f"{hints.used_since} published since")
    if hints.stories is not None:
        seen.append(f"{hints.stories} {'story' if hints.stories == 1 else 'stories'} today")
    known = f" The account shows {', '.join(seen)}; that is no proof." if seen else ""
    return f"{lost_to or LOST}{known} {ASK}"
