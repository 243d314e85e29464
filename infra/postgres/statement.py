"""How an operation becomes one statement, and its answer a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from actors.operations.operation import Operation

O = TypeVar("O", bound=Operation[Any])  # noqa: E741 - the operation, beside T its answer
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement(Generic[O, T]):
    """One statement `select function($1, ...)` that returns one jsonb value.

    `decode` gets the operation and what `json.loads` makes of the answer (None for SQL's null).
    """

    sql: str
    arguments: Callable[[O], tuple[object, ...]]
    decode: Callable[[O, Any], T]


Statements: TypeAlias = Mapping[type[Operation[Any]], Statement[Any, Any]]
