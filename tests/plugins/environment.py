"""No test depends on the shell in which it is run, or on a developer's `.env`."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.settings import Settings, child_environment

OURS = {name for field in Settings.model_fields for name in (field, field.upper())}


@pytest.fixture(autouse=True, scope="session")
def shell_of_the_tests() -> Iterator[None]:
    """Neither settings of ours nor what libpq would take; a process that a test starts inherits it so."""
    with pytest.MonkeyPatch.context() as patch:
        for name in child_environment({}):
            if name in OURS or name.startswith("PG"):
                patch.delenv(name)
        patch.setenv("ENV_FILE", os.devnull)
        yield


@pytest.fixture(autouse=True, scope="session")
def signals_of_the_tests() -> None:
    """Under nohup we go on ignoring SIGHUP, by a handler: a process that a test starts has the default again."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A folder of ours to which everybody can come: pytest's own are closed to others."""
    with TemporaryDirectory(prefix="everytap-test-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
