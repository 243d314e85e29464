"""Sessions of the database have one owner: what nobody else can hold, nobody else can commit, expire or forget."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def acquire_sessions(path: Path) -> bool:
    """Say whether a file asks a pool for a session."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return any(isinstance(called, ast.Attribute) and called.attr == "session" for called in calls)


def test_f16_only_the_database_actor_takes_a_session() -> None:
    sources = [ROOT / "main.py", *ROOT.joinpath("actors").rglob("*.py"), *ROOT.joinpath("infra").rglob("*.py")]

    owners = {str(path.relative_to(ROOT)) for path in sources if acquire_sessions(path)}

    assert owners == {"actors/database/actor.py"}
