"""What people read in Telegram stands in the catalogue of its subject, a file `texts.py`, and nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors import errors

ROOT = Path(__file__).parent.parent
# Errors say what happened to the log and to the command line; what people read of a failure, a catalogue says.
ERRORS = {name for name in vars(errors) if name[0].isupper()} | {"NetworkError", "NotSent", "TimedOut", "__init__"}
LOG = {"debug", "info", "warning", "error", "exception", "write_item_line", "write_change_line"}
APART = {
    "actors/domain/group_ids.py": "the command line's sentences on the id of a group",
    "actors/domain/time_zones.py": "one sentence, beside what finds it out",
    "actors/item/tap_log.py": "the log's own names",
    "infra/instagram/verdicts.py": "one table: what each of Instagram's errors asks of us, with its sentence",
}
BEARER = "Bearer {}"  # HTTP's own
SENTENCE = re.compile(r"\W{0,3}[A-Z][a-z']*,? \S.*|.+ .+[.…?!]", re.DOTALL)  # it begins like one, or it ends like one


def files() -> list[Path]:
    folders = (ROOT / "actors", ROOT / "infra" / "telegram", ROOT / "infra" / "instagram")
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return sorted(path for path in found if path.name != "texts.py" and str(path.relative_to(ROOT)) not in APART)


def called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def is_no_text(node: ast.AST) -> bool:
    """Say whether nobody in a chat reads what stands below: docstrings, assertions, errors, the log."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Raise():
            return True
        case ast.Call():
            return called(node) in ERRORS | LOG
        case _:
            return False


def texts_below(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string, with its line; one that is put together has a pair of braces for each of its values."""
    if is_no_text(node):
        return
    match node:
        case ast.JoinedStr(values=values):
            yield node.lineno, "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in values)
        case ast.Constant(value=str(text)):
            yield node.lineno, text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from texts_below(child)


def sentences_in(source: str) -> list[str]:
    return [text for _, text in texts_below(ast.parse(source)) if SENTENCE.fullmatch(text) and text != BEARER]


def test_no_error_of_instagram_brings_a_sentence_of_its_own() -> None:
    """What it says reaches the card."""
    calls = [
        (path.name, ast.unparse(node))
        for path in ROOT.joinpath("infra", "instagram").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and called(node) in {"AnswerBroken", "AnswerLost", "CallNotSent", "Refused", "TokenGone", "Unreachable"}
        if any(isinstance(each, ast.Constant | ast.JoinedStr) for each in node.args)
    ]

    assert calls == []


def test_no_sentence_stands_outside_the_catalogues() -> None:
    found = {
        str(path.relative_to(ROOT)): sentences
        for path in files()
        if (sentences := sentences_in(path.read_text(encoding="utf-8")))
    }

    assert found == {}


def test_what_is_kept_apart_is_there_and_has_sentences_or_names() -> None:
    assert [name for name in APART if not sentences_in((ROOT / name).read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("source", "sentences"),
    [
        ('chat.send_text(1, "Saved, tap again.")', ["Saved, tap again."]),
        ('chat.answer(1, f"{name} is skipping this…")', ["{} is skipping this…"]),
        ('LINE = "⚠️ Not saved"', ["⚠️ Not saved"]),
        ('raise Refused("The file is gone.")', []),
        ('done(Unreachable("The file is gone."))', []),
        ('log.info("a.thing", reason="The file is gone.")', []),
        ('"""What it does."""', []),
        ('KEY = f"{worker} tokens {number}"', []),
    ],
)
def test_a_sentence_is_known_by_its_shape(source: str, sentences: list[str]) -> None:
    assert sentences_in(source) == sentences
