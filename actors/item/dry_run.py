"""What Auto Post comes to in a dry run: the sentence that says what would have been published, and where."""

from __future__ import annotations

from actors.domain.item import Kind, Row


def rehearse(row: Row) -> str:
    """Say what would have been published, and where."""
    kind = "video" if row.story.kind is Kind.VIDEO else "picture"
    account = f"the account {row.account}" if row.account else "the chat's account (none is set yet)"
    name = row.story.title or row.story.file_name
    return f"Dry run: the {kind} “{name}” would have been published to {account}. Nothing was published."
