"""What the documents name is there: files, commands, targets, settings, log events, packages."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from infra.settings import Settings
from main import app

ROOT = Path(__file__).parents[1]
# The changelog tells of what was; pages below tests/ are held by tests of their own.
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("infra/**/*.md")} - {ROOT / "CHANGELOG.md"})
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`]+)`")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
PLACE = re.compile(
    r"(?<![\w./*{-])((?:actors|infra|tests|docs|findings)/[\w./-]*\w(?:\.\w+)?/?|main\.py|Makefile|Dockerfile|pyproject\.toml)(?![\w*{])"
)
MADE = re.compile(r"^--- /dev/null\n\+\+\+ (\S+)$", re.MULTILINE)  # by the steps of a recipe
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
COMMAND = re.compile(r"(?:python main\.py|(?:^|[(`]|nohup )everytap) ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE)
MODULE = re.compile(r"python3? -m ((?:tests|infra|actors)[\w.]*)")
ROW = re.compile(r"^\| (.+?) \|(?: (.+?) \|)?", re.MULTILINE)
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def typed_in(text: str) -> str:
    """Everything that a page sets as code: its blocks without their comments, and what stands between backticks."""
    blocks = [re.sub(r" # .*|^# .*", "", block, flags=re.MULTILINE) for block in BLOCK.findall(text)]
    return "\n".join([*CODE.findall(BLOCK.sub("", text)), *blocks])


@pytest.mark.parametrize("name", NAMES)
def test_each_link_leads_somewhere(name: str) -> None:
    place = (ROOT / name).parent

    assert [link for link in LINK.findall(text_of(name)) if not (place / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_file_that_is_named_is_there(name: str) -> None:
    text = text_of(name)
    places = {place.rstrip("/.") for place in PLACE.findall(typed_in(text))} - set(MADE.findall(text))

    assert sorted(place for place in places if not (ROOT / place).exists()) == []


@pytest.mark.parametrize("name", NAMES)
def test_each_target_of_make_is_there(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of("Makefile"), re.MULTILINE))

    assert set(TARGET.findall(typed_in(text_of(name)))) - targets == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_one_of_the_program(name: str) -> None:
    typed = {command.split()[0] for command in COMMAND.findall(typed_in(text_of(name)))}
    pairs = {tuple(command.split()) for command in COMMAND.findall(typed_in(text_of(name))) if " " in command}
    program = get_command(app)
    assert isinstance(program, TyperGroup)
    groups = {name: set(group.commands) for name, group in program.commands.items() if isinstance(group, TyperGroup)}

    assert typed - set(program.commands) == set()
    assert {pair for pair in pairs if pair[0] in groups and pair[1] not in groups[pair[0]]} == set()


@pytest.mark.parametrize("name", NAMES)
def test_each_module_that_is_run_is_there(name: str) -> None:
    modules = [module.rstrip(".") for module in MODULE.findall(typed_in(text_of(name)))]
    places = {module: ROOT.joinpath(*module.split(".")) for module in modules}

    assert [
        module
        for module, place in places.items()
        if not place.with_suffix(".py").is_file() and not (place / "__main__.py").is_file()
    ] == []


def first_cells(page: str) -> set[str]:
    """What stands between backticks in the first column of the page's tables."""
    return {word for cell, _ in ROW.findall(text_of(page)) for word in CODE.findall(cell)}


def test_each_setting_has_its_line() -> None:
    named = {word for word in first_cells("docs/configuration.md") if re.fullmatch(r"[A-Z][A-Z_]+", word)}

    assert named == {name.upper() for name in Settings.model_fields}


def events_of(call: ast.Call) -> Iterator[str]:
    """Every event that this call may write, if it is one of the log."""
    match call.func:
        case ast.Attribute(attr=level) if level in LEVELS and call.args:
            pass
        case ast.Name(id="_log_account" | "write"):
            pass
        case _:
            return
    for node in ast.walk(call.args[0]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z_.]+", node.value):
            yield node.value


def test_each_event_of_the_log_has_its_line() -> None:
    files = [ROOT / "main.py", *ROOT.glob("actors/**/*.py"), *ROOT.glob("infra/**/*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files if "sandbox" not in path.parts]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]

    written = {event for call in calls for event in events_of(call)}

    rows = first_cells("docs/operations.md")
    assert written == {word for word in rows if re.fullmatch(r"[a-z_.]+", word)}


def test_each_package_has_its_reason() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    asked = [
        *project["project"]["dependencies"],
        *(one for group in project["dependency-groups"].values() for one in group),
    ]
    packages = {re.split(r"[\[<>=~! ;]", one)[0] for one in asked}
    told = {word.strip() for cell, _ in ROW.findall(text_of("docs/dependencies.md")) for word in cell.split(",")}

    assert told - {"package", "---", "(none)"} == packages


def test_each_decision_is_listed_and_names_its_commits_and_its_command() -> None:
    records = sorted(ROOT.glob("docs/decisions/0*.md"))
    listed = LINK.findall(text_of("docs/decisions/README.md"))

    assert listed == [record.name for record in records]
    assert [
        record.name
        for record in records
        if not re.search(
            r"^Commits? [0-9a-f]{7}.*Shown by", record.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
    ] == []
