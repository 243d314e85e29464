"""The rule book is one: TRANSITIONS, the SQL function, the constraints of both databases, and the diagram in docs/."""

from itertools import product

import asyncpg
import pytest

from actors.domain.item import FINAL, TRANSITIONS, Action, State
from actors.errors import Refused
from tests.contracts.team import Team
from tests.contracts.worlds import Line
from tests.fakes.tables import Tables
from tests.state_diagram import PAGE, drawn

Move = tuple[str, str, str]
MOVES: set[Move] = {(before.value, step.value, after.value) for (before, step), after in TRANSITIONS.items()}
REFUSED = (Refused, asyncpg.CheckViolationError)


async def test_the_sql_function_is_the_rule_book(contract_url: str) -> None:
    connection = await asyncpg.connect(contract_url)
    pairs = list(product([state.value for state in State], [step.value for step in Action]))

    answers = await connection.fetch(
        "select state, step, next_state(state, step) as reached from unnest($1::text[], $2::text[]) as t (state, step)",
        [state for state, _ in pairs],
        [step for _, step in pairs],
    )

    await connection.close()
    assert len(answers) == len(State) * len(Action)
    assert {(one["state"], one["step"], one["reached"]) for one in answers if one["reached"] is not None} == MOVES


@pytest.mark.parametrize("state", list(State), ids=lambda state: state.value)
async def test_a_row_stands_only_where_a_step_leads(team: Team, state: State) -> None:
    """Every way into this state that is not in the book is refused by the database itself, whoever writes it."""
    item_id = await team.queue()
    ways = product([before.value for before in State], [step.value for step in Action])

    allowed = {way for way in ways if await stands(team, item_id, state, way)}

    assert allowed == {(before, step) for before, step, after in MOVES if after == state.value}


async def stands(team: Team, item_id: int, state: State, way: tuple[str, str]) -> bool:
    """Tell whether an item may be written as standing in this state, by this way."""
    columns: Line = {"state": state.value, "came_from": way[0], "came_by": way[1]}
    try:
        await team.world.update("items", {"item_id": item_id}, columns)
    except REFUSED:
        return False
    return True


@pytest.mark.parametrize("state", [state for state in State if state is not State.WAITING], ids=lambda one: one.value)
async def test_only_a_waiting_item_needs_no_past(team: Team, state: State) -> None:
    item_id = await team.queue()

    with pytest.raises(REFUSED):
        await team.world.update("items", {"item_id": item_id}, {"state": state.value})


@pytest.mark.parametrize("to_state", ["posted", "in_review"])
async def test_no_event_tells_of_a_move_that_is_not_in_the_book(team: Team, to_state: str) -> None:
    row = await team.present()
    move = {"step": "skip", "from_state": "in_review", "to_state": to_state, "at": await team.world.now()}

    with pytest.raises(REFUSED):
        await team.world.insert("item_events", {"chat_key": row.chat_key, "item_id": row.id, "version": 1, **move})


async def test_one_story_is_open_once(team: Team) -> None:
    """Two live items of one story would be two posts."""
    media_id = await team.add_story()
    await team.queue(media_id=media_id)

    with pytest.raises((Refused, asyncpg.UniqueViolationError)):
        await team.queue(media_id=media_id)


async def test_the_fake_has_the_tables_and_columns_of_the_real_one(contract_url: str) -> None:
    connection = await asyncpg.connect(contract_url)

    columns = await connection.fetch(
        "select c.table_name, array_agg(c.column_name::text) as names from information_schema.columns c"
        " join pg_tables t on t.tablename = c.table_name and t.schemaname = 'public'"
        " where c.table_schema = 'public' and c.table_name not like 'schema\\_%' group by c.table_name"
    )

    await connection.close()
    real = {table: set(names) for table, names in columns}
    paper = {name: set(table.columns) for name, table in Tables().by_name.items()}
    assert paper == real


def test_the_diagram_of_the_architecture_is_the_rule_book() -> None:
    """Else `python -m tests.state_diagram` has to be run."""
    assert drawn() in PAGE.read_text(encoding="utf-8")


def test_the_diagram_has_each_move_and_each_end_once() -> None:
    lines = [line.strip() for line in drawn().splitlines()]

    assert "skipped --> waiting: requeue" in lines
    assert "posted --> [*]" in lines
    assert len(set(lines)) == len(lines) == len(TRANSITIONS) + len(FINAL) + 4
