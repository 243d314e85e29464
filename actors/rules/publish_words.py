"""The sentences in which a publish is told to the team."""

from __future__ import annotations

from actors.rules.account import Hints

BY_HAND = "Post by hand and tap Posted."
NOT_CONNECTED = f"Nothing was published: Instagram is not connected for this chat. {BY_HAND}"
TOKEN_GONE = "Nothing was published: Instagram wants this account to be connected again. Tell the operator."  # noqa: S105 - a sentence
TOOK_TOO_LONG = "Nothing was published: Instagram took too long to fetch the file. Tap Auto Post to try again."
UNREACHABLE = "Nothing was published: Instagram could not be reached. Tap Auto Post to try again later."
FILE_REFUSED = "Nothing was published: Instagram could not use the file."
CONTAINER_EXPIRED = "Nothing was published: Instagram let the prepared story expire. Tap Auto Post to try again."
SEEN_LIVE = "Instagram's answer was lost; it says now that the story is live."
ASK = "Look at Instagram, then say what you see."
TOKEN_IN_DOUBT = f"Instagram's answer was lost, and it takes our token no more. {ASK}"


def refused(sentence: str) -> str:
    """Begin with what matters."""
    return sentence if sentence.startswith("Nothing was published") else f"Nothing was published: {sentence}"


def unprefixed(sentence: str) -> str:
    """Leave out that nothing was published, where nobody asked for it."""
    return sentence.removeprefix("Nothing was published: ")


def in_doubt(hints: Hints) -> str:
    """Say what is known, as hints: it proves nothing."""
    seen = []
    if hints.used_since is not None:
        seen.append(f"{hints.used_since} published since")
    if hints.stories is not None:
        seen.append(f"{hints.stories} {'story' if hints.stories == 1 else 'stories'} today")
    known = f" The account shows {', '.join(seen)}; that is no proof." if seen else ""
    return f"Instagram's answer was lost.{known} {ASK}"
