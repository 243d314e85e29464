"""Where DATA_DIR is, and whether it is ours to write in: one sentence, and the line that mends it."""

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from infra.settings.model import HARMLESS

# What a worker or a command leaves in a DATA_DIR from its first minute on.
MARKS = ("postgres", "postgres.lock", "workers", "media", "link-secret")


class NotTheFolder(Exception):
    """DATA_DIR cannot be used; the text is one sentence for the operator."""


def locate(given: Path, home: Path, here: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder, and what is to be said of it; a relative path begins at `home`.

    It used to begin where the command was typed. So a folder that was made so is used where it is, while it is the
    only one. Raises NotTheFolder when there are two, or what stands there is none.
    """
    own, typed = home / given, here / given
    _must_be_a_folder(own, given)
    if own.resolve() == typed.resolve() or not _is_used(typed):
        return own, ()
    if _is_used(own):
        raise NotTheFolder(
            f"There are two folders of everytap, {own} and {typed}: set DATA_DIR to the one that holds your stories."
        )
    return typed, (f"Using {typed}, which an earlier release made; set DATA_DIR to it, or move it to {own}.",)


def prepare(folder: Path) -> None:
    """Have the folder, writable down to what stands directly in it; raises NotTheFolder."""
    try:
        folder.mkdir(mode=own_mode(), parents=True, exist_ok=True)
    except OSError as error:
        raise NotTheFolder(_not_made(folder, error)) from error
    _close(folder)
    for path, needed in _needs(folder):
        if path.exists() and not os.access(path, needed, effective_ids=True):
            raise NotTheFolder(_not_ours(folder, path))


def own_mode() -> int:
    """Return who may enter it: we alone, but for the unprivileged account of root's embedded server, on its way in."""
    return 0o700 if os.geteuid() else 0o711


def _close(folder: Path) -> None:
    """Close to others what earlier releases left open; a folder in which more stands than ours is its owner's."""
    try:
        found = list(folder.iterdir())
        ours = [path for path in found if path.name in MARKS or path.name.startswith("postgres.")]
        for path in ours:
            if path.name != "link-secret":  # one that others may have read is refused, not closed
                _narrow(path, 0o700)
        if len(ours) == len(found):
            _narrow(folder, own_mode())
    except OSError:
        return  # said when it is needed


def _narrow(path: Path, allowed: int) -> None:
    found = path.lstat()
    open_to = stat.S_IMODE(found.st_mode)
    is_ours = found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and not open_to & stat.S_ISVTX
    if is_ours and open_to & 0o077 & ~allowed:
        path.chmod(open_to & (allowed | 0o7700))


def _must_be_a_folder(folder: Path, given: Path) -> None:
    try:
        wrong = folder.exists() and not folder.is_dir()
    except PermissionError:
        return  # said when it is needed
    except (OSError, ValueError):  # a name too long, a NUL
        wrong = True
    if wrong:
        raise NotTheFolder(f"DATA_DIR must be a directory, or a path at which one can be made; {_shown(given)}.")


def _is_used(folder: Path) -> bool:
    try:
        return any((folder / mark).exists() for mark in MARKS)
    except OSError:
        return False


def _needs(folder: Path) -> Iterator[tuple[Path, int]]:
    """What we use there and how; the rest of the folder (lost+found of a volume) is none of our business."""
    enter = os.R_OK | os.X_OK
    yield folder, enter | os.W_OK
    yield folder / "media", enter  # a worker only reads it
    yield folder / "link-secret", os.R_OK
    for path in (*folder.glob("postgres*"), folder / "workers", *folder.glob("workers/*")):
        yield path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)


def _not_ours(folder: Path, path: Path) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"DATA_DIR {folder} cannot be used: {path} is on a file system that is mounted read-only."
    owner = path.stat().st_uid
    mend = f"chmod -R u+rwX {shlex.quote(str(path))}" if owner == os.geteuid() else _chown(folder)
    return f"DATA_DIR {folder} cannot be used: {path} belongs to {_person(owner)}, and we are {_us()}: `{mend}`."


def _not_made(folder: Path, error: OSError) -> str:
    near = _nearest(folder)
    if not isinstance(error, PermissionError):
        return f"DATA_DIR {folder} cannot be made in {near} ({error.strerror})."
    opened = "" if os.access(near, os.X_OK, effective_ids=True) else f"sudo chmod a+x {shlex.quote(str(near))} && "
    mend = f"{opened}sudo mkdir -p {shlex.quote(str(folder))} && {_chown(folder)}"
    why = f"{near} belongs to {_person(near.stat().st_uid)} and is closed to us, {_us()}"
    return f"DATA_DIR {folder} cannot be made: {why}: `{mend}`, or set DATA_DIR to another folder."


def _nearest(folder: Path) -> Path:
    """The nearest folder above that can be seen at all."""
    for above in folder.parents:
        try:
            above.stat()
        except OSError:
            continue
        return above
    return folder


def _chown(folder: Path) -> str:
    return f"sudo chown -R {os.geteuid()}:{os.getegid()} {shlex.quote(str(folder))}"


def _us() -> str:
    return _person(os.geteuid())


def _person(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def _shown(path: Path) -> str:
    return f"it is {str(path)!r}" if HARMLESS.fullmatch(str(path)) else "what it is set to is not"
