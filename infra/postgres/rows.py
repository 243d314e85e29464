"""The jsonb of `item_row` as an Item."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from actors.domain.account import Account, Login
from actors.domain.item import (
    Action,
    Card,
    Dimensions,
    Item,
    LateTap,
    MediaKind,
    Person,
    Settlement,
    State,
    Story,
    Waiting,
)
from actors.domain.publish_phase import Phase


def row(value: Any) -> Item:
    """Read one item as the database told it."""
    return Item(
        chat_key=value["chat_key"],
        chat_id=value["chat_id"],
        id=value["id"],
        mark=value["mark"],
        state=State(value["state"]),
        version=value["version"],
        revision=value["revision"],
        due_at=datetime.fromisoformat(value["due_at"]),
        timezone=value["timezone"],
        live=value["live"],
        restricted=value["restricted"],
        topic=value["topic"],
        story=story(value["story"]),
        account=value["account"],
        settled=_settlement(value["settled"]),
        late=tuple(_late(line) for line in value["late"]),
        note=value["note"],
        phase=None if value["phase"] is None else Phase(value["phase"]),
        preflight=value["preflight"],
        presented_at=moment(value["presented_at"]),
        card_lost=value["card_lost"],
        set_aside=value["set_aside"],
        waiting=_waiting(value["waiting"]),
        permalink=value["permalink"],
        cards=tuple(Card(value["chat_key"], value["chat_id"], message, retired) for message, retired in value["cards"]),
    )


def rows(values: Any) -> tuple[Item, ...]:
    """Read several items."""
    return tuple(row(value) for value in values)


def story(value: Any) -> Story:
    """Read a story."""
    return Story(
        media_id=value["media_id"],
        kind=MediaKind(value["kind"]),
        path=value["path"],
        file_name=value["file_name"],
        title=value["title"],
        caption=value["caption"],
        file_id=value["file_id"],
        dimensions=_dimensions(value),
        mentions=tuple(value["mentions"]),
        made_by_ai=value["made_by_ai"],
    )


def _dimensions(value: Any) -> Dimensions | None:
    if value["width"] is None:
        return None
    return Dimensions(value["width"], value["height"], value["seconds"])


def moment(value: str | None) -> datetime | None:
    """Read a time, if there is one."""
    return None if value is None else datetime.fromisoformat(value)


def account(value: Any) -> Account:
    """Read an account, with its token sealed."""
    return Account(
        id=value["id"],
        ig_user_id=value["ig_user_id"],
        username=value["username"],
        login=Login(value["login"]),
        sealed_token=base64.b64decode(value["sealed_token"]),
    )


def _settlement(value: Any) -> Settlement | None:
    if value is None:
        return None
    by = None if value["id"] is None else Person(value["id"], value["name"])
    return Settlement(Action(value["step"]), by, datetime.fromisoformat(value["at"]), value["tap"])


def _waiting(value: Any) -> Waiting | None:
    return None if value is None else Waiting(datetime.fromisoformat(value["until"]), value["sentence"])


def _late(value: Any) -> LateTap:
    return LateTap(Action(value["step"]), value["name"], datetime.fromisoformat(value["at"]), value["why"])
