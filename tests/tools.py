"""Programs of the system that some tests look through: without one a test is left out, unless the tool was promised."""

from __future__ import annotations

import pytest

from infra.settings import child_environment

BROWSER, POOLER = "REQUIRE_BROWSER", "REQUIRE_POOLER"  # set to 1: a test that needs it fails without it


def is_required(promise: str) -> bool:
    """Tell whether whoever runs the tests has promised this tool."""
    return child_environment({}).get(promise) == "1"


def need(found: str | None, tool: str, promise: str) -> str:
    """Answer where the tool is; without it the test is skipped, or fails if it was promised."""
    if found is not None:
        return found
    if is_required(promise):
        pytest.fail(f"{promise}=1, but there is no {tool}")
    pytest.skip(f"there is no {tool}: nothing is looked at through it")
