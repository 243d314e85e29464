"""Which folder DATA_DIR is, and what is said when it is not ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.settings import BadSettings, NotTheFolder, Settings, prepare
from infra.settings.reading import read_settings

STRANGER = 10001  # the user of our image
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The checkout."""
    (tmp_path / "checkout").mkdir()
    return tmp_path / "checkout"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder in which a command is typed."""
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def read(home: Path, here: Path, **environment: str) -> Settings:
    return read_settings(environment, home, here)


def used(folder: Path) -> Path:
    (folder / "workers").mkdir(parents=True)
    return folder


@contextmanager
def somebody_else() -> Iterator[None]:
    """Be the user of our image for a while."""
    os.setegid(STRANGER)
    os.seteuid(STRANGER)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def problem_of_a_stranger_with(folder: Path) -> str:
    with somebody_else(), pytest.raises(NotTheFolder) as caught:
        prepare(folder)
    return str(caught.value)


def test_folder_is_beside_main_wherever_a_command_is_typed(home: Path, here: Path) -> None:
    settings = read(home, here)

    assert (settings.data_dir, settings.notices) == (home / ".everytap", ())


@pytest.mark.parametrize("given", ["data", "./data", "data/"])
def test_relative_path_begins_beside_main_in_the_environment_as_in_the_file(home: Path, here: Path, given: str) -> None:
    (home / "settings.env").write_text(f"DATA_DIR={given}\n")

    assert read(home, here, DATA_DIR=given).data_dir == home / "data"
    assert read(home, here, ENV_FILE="settings.env").data_dir == home / "data"


def test_folder_of_an_earlier_release_is_used_where_it_is_and_named(home: Path, here: Path) -> None:
    """It began where the command was typed: a new, empty database beside it would be a loss."""
    old = used(here / ".everytap")

    settings = read(home, here)

    assert settings.data_dir == old
    [notice] = settings.notices
    assert f"Using {old}, which an earlier release made" in notice
    assert f"move it to {home}/.everytap" in notice


def test_empty_folder_of_that_name_is_none_of_an_earlier_release(home: Path, here: Path) -> None:
    (here / ".everytap").mkdir()

    assert read(home, here).data_dir == home / ".everytap"


def test_with_two_folders_the_command_asks_which_one(home: Path, here: Path) -> None:
    first, second = used(home / ".everytap"), used(here / ".everytap")

    with pytest.raises(BadSettings) as caught:
        read(home, here)

    assert str(caught.value) == (
        f"There are two folders of everytap, {first} and {second}: set DATA_DIR to the one that holds your stories."
    )
    assert read(home, here, DATA_DIR=str(second)).data_dir == second


def test_folder_beside_main_is_not_two_when_a_command_is_typed_there(home: Path, here: Path) -> None:
    used(home / ".everytap")
    (here / "link").symlink_to(home)

    assert read(home, home).notices == ()
    assert read(home, here / "link").notices == ()


def test_folder_is_made_and_what_others_put_there_is_not_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    prepare(folder)
    (folder / "lost+found").mkdir(mode=0)
    prepare(folder)

    assert folder.is_dir()


def test_folder_is_closed_to_others_of_the_machine_from_the_first_moment(tmp_path: Path) -> None:
    """Names of stories tell what is not out yet; the unprivileged account of root's server may pass, and see none."""
    prepare(tmp_path / "data")

    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_folder_of_an_earlier_release_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for name in ("media", "workers", "postgres.owners"):
        (folder / name).mkdir(parents=True)
    for name in ("postgres.port", "postgres.log", "link-secret"):
        (folder / name).touch(mode=0o644)

    prepare(folder)

    modes = {path.name: f"{stat.S_IMODE(path.stat().st_mode):o}" for path in folder.iterdir()}
    assert modes == {
        "media": "700",
        "workers": "700",
        "postgres.owners": "700",
        "postgres.port": "600",
        "postgres.log": "600",
        "link-secret": "644",  # others may have read it, so it is refused when it is needed
    }
    assert stat.S_IMODE(folder.stat().st_mode) & 0o066 == 0


def test_folder_with_more_in_it_than_ours_stays_as_open_as_its_owner_made_it(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    tmp_path.chmod(0o755)

    prepare(tmp_path)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


@AS_ROOT
def test_folder_of_another_user_is_one_sentence_with_the_line_that_mends_it(open_path: Path) -> None:
    problem = problem_of_a_stranger_with(open_path)

    assert problem == (
        f"DATA_DIR {open_path} cannot be used: {open_path} belongs to root (uid 0), and we are uid 10001: "
        f"`sudo chown -R 10001:10001 {open_path}`."
    )


@AS_ROOT
@pytest.mark.parametrize("kind", ["folder", "file"])
@pytest.mark.parametrize("name", ["postgres", "postgres.lock", "workers", "workers/0.lock", "link-secret"])
def test_folder_that_another_user_used_first_is_named(open_path: Path, name: str, kind: str) -> None:
    inside = open_path / name
    inside.parent.mkdir(exist_ok=True)
    os.chown(inside.parent, STRANGER, STRANGER)
    os.chown(open_path, STRANGER, STRANGER)
    inside.mkdir(mode=0o700) if kind == "folder" else inside.touch(mode=0o600)

    problem = problem_of_a_stranger_with(open_path)

    assert f"DATA_DIR {open_path} cannot be used: {inside} belongs to root (uid 0)" in problem
    assert f"`sudo chown -R 10001:10001 {open_path}`" in problem


@AS_ROOT
def test_folder_below_a_closed_one_is_one_sentence(open_path: Path) -> None:
    (open_path / "closed").mkdir(mode=0o700)
    folder = open_path / "closed" / "a b" / "data"

    problem = problem_of_a_stranger_with(folder)

    assert problem == (
        f"DATA_DIR {folder} cannot be made: {open_path}/closed belongs to root (uid 0) and is closed to us, uid 10001: "
        f"`sudo chmod a+x {open_path}/closed && sudo mkdir -p '{folder}' && sudo chown -R 10001:10001 '{folder}'`, "
        "or set DATA_DIR to another folder."
    )


@AS_ROOT
def test_folder_that_is_there_below_a_closed_one_is_one_sentence(open_path: Path) -> None:
    folder = used(open_path / "closed" / "data")
    os.chown(folder, STRANGER, STRANGER)
    (open_path / "closed").chmod(0o700)

    with somebody_else():
        assert read(open_path, open_path, DATA_DIR=str(folder)).data_dir == folder
    problem = problem_of_a_stranger_with(folder)

    assert f"{open_path}/closed belongs to root (uid 0) and is closed to us" in problem


@AS_ROOT
def test_folder_of_our_own_that_is_closed_by_its_mode_is_opened_by_us(open_path: Path) -> None:
    folder = open_path / "ours"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    folder.chmod(0o500)

    assert problem_of_a_stranger_with(folder).endswith(f"and we are uid 10001: `chmod -R u+rwX {folder}`.")


def test_folder_that_cannot_be_made_for_another_reason_says_which(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(NotTheFolder, match=rf"^DATA_DIR {tmp_path}/file/data cannot be made in .*Not a directory"):
        prepare(tmp_path / "file" / "data")


@pytest.mark.parametrize("path", ["/dev/null", "/" + "x" * 300])
def test_what_is_no_folder_is_refused_at_once(home: Path, here: Path, path: str) -> None:
    with pytest.raises(BadSettings, match=r"^DATA_DIR must be a directory, or a path at which one can be made; "):
        read(home, here, DATA_DIR=path)
