"""The directions of imports, where a linter's table cannot hold them: they depend on who imports."""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent

OUTSIDE_OF_CORE = {"asyncio", "logging", "os", "secrets", "socket", "subprocess", "threading", "time", "uuid"}
STANDING_IN_INFRA = {"clock", "identity", "logs", "proxies", "settings"}
# The demo's own place where adapters meet; the worker's is main.
DEMO = "infra.sandbox.demo.wiring"
# What can be decided on paper: these rooms, and files of these names in every other one.
PURE_ROOMS = ("actors.domain", "actors.operations")
PURE_NAMES = {
    "backoff",
    "bounds",
    "circuit_breaker",
    "decide",
    "decide_checks",
    "decide_sends",
    "doubts",
    "effects",
    "fetching",
    "foreign_messages",
    "going_on",
    "memory",
    "messages",
    "parsing",
    "priority_queue",
    "questions",
    "rate_limit",
    "request",
    "shortcomings",
    "texts",
    "times",
    "token_warnings",
}
# The actors that do not stand in an actor.py.
ACTORS = {
    "actors.accounts.preflight",
    "actors.accounts.set_up",
    "actors.accounts.token_renewal",
    "actors.audit.interaction_log",
    "actors.schedule.notifications",
    "actors.schedule.reconciler",
    "actors.schedule.scheduler",
    "actors.updates.chat_migration",
    "actors.updates.poll_lease",
    "actors.updates.polling",
    "actors.updates.webhook",
}

# How long a file may be, and how short one that a single other file needs.
LONGEST, SHORTEST = 300, 60
# Where parts meet: each of them is imported by one of these alone.
MEETING = {"main", DEMO, "actors.worker", "infra.postgres.statements"}
# Short, and a subject of its own all the same.
APART = {
    "actors.item.tap_progress": "when Telegram may forget a tap is a protocol of its own, whatever the log says of it",
    "actors.item.card_checks": "one check a message at a time: a rule of its own beside the table of effects",
    "infra.media.straight": "an error of its calls holds a link that is a key, and none may leave the module",
}


class Import(NamedTuple):
    """One imported module, and the file that imports it, both as dotted names."""

    importer: str
    module: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.module}"

    @property
    def stays_home(self) -> bool:
        """Say whether both belong to the same top-level folder."""
        return self.importer.split(".")[0] == self.module.split(".")[0]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or place.is_dir()


def modules_named(node: ast.AST) -> Iterator[str]:
    """Yield what one statement imports; `from actors import cards` names the module actors.cards.actor."""
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names):
            members = [f"{module}.{alias.name}" for alias in names]
            yield from (member if is_module(member) else module for member in members)


def imports_below(place: str) -> list[Import]:
    """Everything that the files of a folder import, or one file."""
    files = [ROOT / place] if place.endswith(".py") else sorted(ROOT.joinpath(place).rglob("*.py"))
    return [
        Import(dotted(path), module)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for module in modules_named(node)
    ]


def is_below(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def broken(found: list[Import]) -> list[str]:
    return sorted({str(one) for one in found})


def test_core_imports_the_standard_library_anyio_and_structlog_only() -> None:
    allowed = (sys.stdlib_module_names - OUTSIDE_OF_CORE) | {"actors", "anyio", "structlog"}

    strangers = [one for one in imports_below("actors") if one.module.split(".")[0] not in allowed]

    assert broken(strangers) == []


def is_pure(module: str) -> bool:
    """Say whether what stands there can be decided on paper: by its room, or by its name in any room."""
    return is_below(module, *PURE_ROOMS) or (is_below(module, "actors") and module.rsplit(".", 1)[1] in PURE_NAMES)


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_what_is_pure_knows_nothing_but_what_is_pure_and_errors() -> None:
    outside = [
        one
        for one in imports_below("actors")
        if is_pure(one.importer)
        and is_below(one.module, "actors", "anyio", "structlog")
        and not (is_pure(one.module) or is_below(one.module, "actors.errors"))
    ]

    assert broken(outside) == []


def test_what_the_whole_core_speaks_of_knows_no_room() -> None:
    outside = [
        one
        for one in imports_below("actors")
        if is_below(one.importer, *PURE_ROOMS) and one.stays_home
        if not is_below(one.module, *PURE_ROOMS, "actors.errors")
    ]

    assert broken(outside) == []


def test_runtime_knows_nothing_of_stories() -> None:
    outside = [
        one
        for one in imports_below("actors/runtime")
        if one.stays_home and not is_below(one.module, "actors.runtime", "actors.errors")
    ]

    assert broken(outside) == []


def test_rooms_that_act_stand_above_each_other() -> None:
    """What is pure may be spoken of everywhere; of the rest no two rooms need each other, by whatever way round."""
    needs: dict[str, set[str]] = {}
    for one in imports_below("actors"):
        if one.stays_home and not is_pure(one.module) and room(one.module) != room(one.importer):
            needs.setdefault(room(one.importer), set()).add(room(one.module))

    order = [*TopologicalSorter(needs).static_order()]  # a circle is an error that names it

    assert order[-1] == "actors.worker"


def test_ports_speak_of_the_domain_and_of_operations_only() -> None:
    ports = [one for one in imports_below("actors") if is_below(one.importer, "actors.ports") and one.stays_home]

    assert broken([one for one in ports if not is_below(one.module, *PURE_ROOMS, "actors.errors")]) == []


def test_no_actor_is_imported_inside_the_core() -> None:
    """Actors meet as children of one supervisor, in actors/worker.py alone."""
    actors = ACTORS | {dotted(path) for path in ROOT.joinpath("actors").glob("*/actor.py")} - {"actors.runtime.actor"}

    assert [name for name in actors if not is_module(name)] == []
    meetings = [one for one in imports_below("actors") if one.module in actors and one.importer != "actors.worker"]
    assert broken(meetings) == []


def lines_of(module: str) -> int:
    return len(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8").splitlines())


def modules_below(*folders: str) -> list[str]:
    paths = [path for folder in folders for path in sorted(ROOT.joinpath(folder).rglob("*.py"))]
    return [dotted(path) for path in paths if not path.name.startswith("__")]


def test_name_of_a_class_stands_for_one_thing() -> None:
    """A search for it finds one place; what is ours and what is a platform's have names of their own."""
    places: dict[str, set[str]] = {}
    for name in modules_below("actors", "infra"):
        tree = ast.parse(ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, set()).add(name)

    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}


def test_no_file_is_longer_than_can_be_kept_in_mind() -> None:
    assert {name for name in modules_below("actors", "infra") if lines_of(name) > LONGEST} == set()


def test_no_file_is_a_shaving_of_the_only_one_that_needs_it() -> None:
    """What is pure is kept apart from what acts, and the parts of the runtime from each other."""
    users: dict[str, set[str]] = {}
    for one in (one for place in ("main.py", "actors", "infra", "tests") for one in imports_below(place)):
        if not one.importer.rpartition(".")[2].startswith("test_"):
            users.setdefault(one.module, set()).add(one.importer)
    short = {name: users.get(name, set()) for name in modules_below("actors", "infra") if lines_of(name) < SHORTEST}

    shavings = {
        name: one
        for name, (one, *_) in ((name, sorted(by)) for name, by in short.items() if len(by) == 1)
        if not (is_pure(name) or is_below(name, "actors.runtime") or one in MEETING or name in APART)
        if lines_of(name) + lines_of(one) <= LONGEST
    }
    assert shavings == {}


def test_adapters_know_the_core_and_never_main_or_tests() -> None:
    back = [one for one in imports_below("infra") if is_below(one.module, "main", "tests")]

    assert broken(back) == []


def test_no_adapter_imports_another() -> None:
    """What two adapters share belongs to actors/ or to where they meet."""
    across = [
        one
        for one in imports_below("infra")
        if one.stays_home and one.module.split(".")[1:2] != one.importer.split(".")[1:2] and one.importer != DEMO
    ]

    assert broken(across) == []


def test_demo_meets_in_one_file_that_its_command_alone_imports() -> None:
    """So a worker starts without the sandbox, and works where that is missing."""
    product = [one for place in ("main.py", "actors", "infra") for one in imports_below(place)]

    assert [str(one) for one in product if is_below(one.module, DEMO)] == [f"main -> {DEMO}"]
    into = [one for one in product if is_below(one.module, "infra.sandbox") and not is_below(one.importer, "infra")]
    assert broken(into) == [f"main -> {DEMO}"]


def test_what_stands_directly_in_infra_is_for_main() -> None:
    """An adapter takes what it needs as a parameter."""
    alone = tuple(f"infra.{name}" for name in sorted(STANDING_IN_INFRA))

    asked = [
        one
        for one in imports_below("infra") + imports_below("actors")
        if is_below(one.module, *alone) and not is_below(one.importer, *alone, DEMO)
    ]

    assert broken(asked) == []


def test_no_import_hides_inside_a_function_but_the_demo_in_its_command() -> None:
    hidden = [
        f"{dotted(path)} -> {module}"
        for path in (ROOT / "main.py", *ROOT.joinpath("actors").rglob("*.py"), *ROOT.joinpath("infra").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        for module in modules_named(inner)
    ]

    assert hidden == [f"main -> {DEMO}"]
