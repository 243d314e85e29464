"""The file `.env`: NAME=value lines, read as they stand.

Nothing is expanded in it (a password may hold a `${`), and a line that cannot be read is an error, not a warning.
"""

from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

LARGEST_BYTES = 1_000_000


class BrokenFile(Exception):
    """The file cannot be used; the text is one sentence that repeats nothing of what stands in it."""


def read_env_file(path: Path, *, wanted: bool) -> dict[str, str]:
    """Return what is set there; raises BrokenFile, also if there is none although it is `wanted`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
        text = content.decode("utf-8")
    except FileNotFoundError as error:
        if not wanted:
            return {}
        raise BrokenFile(f"There is no file {path}, which ENV_FILE names.") from error
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read ({error.strerror}): let us read it, or move it away.") from error
    except ValueError as error:
        raise BrokenFile(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    if len(content) > LARGEST_BYTES:
        raise BrokenFile(f"{path} is longer than {LARGEST_BYTES} bytes: that is no file of settings.")
    return dict(_pair(path, binding) for binding in parse_stream(StringIO(text)) if _says_something(binding))


def _says_something(binding: Binding) -> bool:
    return binding.error or binding.key is not None


def _pair(path: Path, binding: Binding) -> tuple[str, str]:
    if binding.error or binding.key is None or binding.value is None:
        text = binding.original.string
        line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
        raise BrokenFile(f"{path}, line {line}: this is not NAME=value; a value in quotes ends with the same quote.")
    return binding.key, binding.value
