"""A film is made in a process of its own: however it or the process that asked for it ends, nothing is left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import anyio
import pytest

from actors.domain.item import Story
from actors.errors import Refused
from infra.media.local import LocalMedia
from infra.media.making import MAKING, clean, work_folder
from tests.backends import BACKENDS, Backend
from tests.media.kind import SMALL, silent

ROOT = Path(__file__).parents[2]
# PR_SET_CHILD_SUBREAPER of prctl(2): orphans below us become ours, so that their end can be waited for.
BECOME_SUBREAPER = 36
ASK = """\
import sys
from functools import partial
from pathlib import Path
import anyio
from infra.media.local import LocalMedia
library = LocalMedia(Path(sys.argv[2]))
anyio.run(partial(library.take_in, Path(sys.argv[1]), told=lambda done: print(done, flush=True)))
"""


@pytest.fixture
def anyio_backend() -> Backend:
    """Processes are the same on each loop."""
    return BACKENDS["asyncio"]()


@pytest.fixture
def long_film(tmp_path: Path) -> Path:
    """A film that takes some seconds to make fit, because each of its frames has to be made anew."""
    path = tmp_path / "long.mp4"
    silent(*SMALL, size="540x960", rate=15, seconds=59)(path)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process wait for those that its children leave")
def test_kill_of_the_process_that_asked_ends_all_and_leaves_nothing(tmp_path: Path, long_film: Path) -> None:
    ctypes.CDLL(None).prctl(BECOME_SUBREAPER, 1, 0, 0, 0)
    command = [sys.executable, "-c", ASK, str(long_film), str(tmp_path / "media")]
    asking = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert asking.stdout is not None
    asking.stdout.readline()  # the encoder is at work
    (group,) = children_of(asking.pid)

    asking.kill()
    asking.communicate()

    ended = dict(iter(lambda: waited(group), None))
    assert len(ended) == 2  # it and ffmpeg
    assert set(ended.values()) == {-signal.SIGKILL}
    assert list((tmp_path / "media" / MAKING).iterdir()) == []


def waited(group: int) -> tuple[int, int] | None:
    """Wait for the end of one more process of a group; None: there is none."""
    try:
        pid, status = os.waitpid(-group, 0)
    except ChildProcessError:
        return None
    return pid, os.waitstatus_to_exitcode(status)


async def test_cancelling_ends_it_and_leaves_nothing(tmp_path: Path, long_film: Path) -> None:
    started = anyio.Event()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(LocalMedia(tmp_path / "media").take_in, long_film, told=lambda _: started.set()))
        await started.wait()
        tasks.cancel_scope.cancel()

    assert list((tmp_path / "media").iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_under_way_stays(tmp_path: Path) -> None:
    left = tmp_path / MAKING / "0123"
    left.mkdir(parents=True)
    (left / "story0.mp4").write_bytes(b"half")

    with work_folder(tmp_path) as under_way:
        cleaned = clean(tmp_path)

        assert (cleaned, left.exists(), under_way.exists()) == (1, False, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the children of a process so")
async def test_process_that_is_killed_for_its_memory_refuses_the_file_and_leaves_nothing(
    tmp_path: Path, long_film: Path
) -> None:
    def kill(_: float) -> None:
        for pid in children_of(os.getpid()):
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(Refused, match=r"long\.mp4 needs too much memory: make it smaller\."):
        await LocalMedia(tmp_path / "media").take_in(long_film, told=kill)

    assert list((tmp_path / "media").iterdir()) == []


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_original_of_a_film_that_was_made_anew_is_kept_beside_it(tmp_path: Path) -> None:
    path, library = tmp_path / "f.mp4", LocalMedia(tmp_path / "media")
    silent(rate=15)(path)

    stored = await library.check_and_store(path)

    story = Story(1, stored.kind, stored.path, stored.file_name, "Title", "", dimensions=stored.dimensions)
    shown, original = await library.shown(story), await library.original(story)
    thumbnail = await library.thumbnail(story)
    assert stored.path.endswith(".original.mp4")
    assert len(original) == path.stat().st_size
    assert shown != original
    assert thumbnail is not None
    assert len(thumbnail) < 200_000
