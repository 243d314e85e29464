"""What Auto Post comes to when nothing is published: a rehearsal, or the sentence that says what is missing."""

from __future__ import annotations

from actors.rules.item import Kind, Row
from actors.rules.messages import PublishRefused, Rehearsed


def rehearse(row: Row) -> Rehearsed:
    """Say what would have been published, and where."""
    kind = "video" if row.story.kind is Kind.VIDEO else "picture"
    account = f"the account {row.account}" if row.account else "the chat's account (none is set yet)"
    name = row.story.title or row.story.file_name
    return Rehearsed(
        row, f"Dry run: the {kind} “{name}” would have been published to {account}. Nothing was published."
    )


def without_publisher(row: Row) -> PublishRefused:
    """Say that a live chat cannot publish yet."""
    return PublishRefused(
        row, "Nothing was published: Instagram is not connected for this chat. Post by hand and tap Posted."
    )
