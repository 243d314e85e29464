"""Reads the environment and `.env`, once; the only reader of both.

Without pydantic-settings, which folds `https_proxy` and `HTTPS_PROXY` into the one that comes last, expands what looks
like a variable inside a password of `.env`, and logs a line that it cannot read instead of refusing it.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.settings.data_dir import NotTheFolder, locate
from infra.settings.database_url import Because, unmet
from infra.settings.model import HARMLESS, UNSPEAKABLE, BadSettings, Settings

HOME = Path(__file__).resolve().parents[2]  # the checkout: where main.py stands, and where relative paths begin
ENV_FILE = "ENV_FILE"
# https://www.postgresql.org/docs/current/libpq-envars.html
LIBPQ = re.compile(r"PG[A-Z]{4,}")
QUOTES = "\"'“”‘’"
# Below, names meet by chance: PORT and PORTS, HOST and HOSTS are other programs' business.
SHORTEST = 7
OURS = "EVERYTAP_"  # what a person puts before a name who has many programs
OF_ALL = ("AWS_",)  # other programs read names like these
CLOSE = 0.86
LARGEST_BYTES = 1_000_000  # of a `.env`, in which nothing is expanded: a password may hold a `${`


def load_settings() -> Settings:
    """Read what is set, or raise BadSettings with one sentence for each variable that is wrong."""
    return read_settings(os.environ, HOME, Path.cwd())


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with changes, for a process that it starts."""
    return {**os.environ, **changes}


def read_settings(environment: Mapping[str, str], home: Path, here: Path) -> Settings:
    """The same, of a checkout at `home`, typed in the folder `here`; what the environment sets to nothing is unset."""
    filed = _filed(environment, home)
    given = {name: value for name, value in (_ours(filed) | _ours(environment)).items() if value}
    quoted = [name for name, value in given.items() if _in_quotes(name, value)]
    problems = [
        f"{name.upper()} has quotes around its value, which docker, for one, keeps: remove them." for name in quoted
    ]
    settings = _checked({name: value for name, value in given.items() if name not in quoted}, problems)
    try:
        folder, moved = locate(settings.data_dir, home, here)
    except NotTheFolder as error:
        raise BadSettings(str(error)) from error
    settings.bucket_keys()
    settings.refuse_what_never_works()
    strange = misspelt([*filed, *environment], _names(), _unset(given))
    libpq = {name: environment[name] for name in sorted(environment) if LIBPQ.fullmatch(name)}
    return settings.settled(folder, (*moved, *strange, *unmet(given.get("database_url", ""))), libpq)


def _filed(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    named = environment.get(ENV_FILE, "").strip()
    try:
        return read_env_file(home / named if named else home / ".env", wanted=bool(named))
    except BrokenFile as error:
        raise BadSettings(str(error)) from error


def _ours(found: Mapping[str, str]) -> dict[str, str]:
    """What is set of ours, without white space around it. NAME goes before name, but for proxies, as with curl."""
    ours: dict[str, str] = {}
    for name in Settings.model_fields:
        spellings = (name, name.upper()) if name.endswith("_proxy") else (name.upper(), name)
        found_in = next((spelling for spelling in spellings if spelling in found), None)
        if found_in is not None:
            ours[name] = found[found_in].strip()
    return ours


def _in_quotes(name: str, value: str) -> bool:
    # A secret may begin with a quote; a folder or a number does not.
    both = len(value) > 1 and value[0] in QUOTES and value[-1] in QUOTES
    return both or (name == "data_dir" and bool({value[0], value[-1]} & set(QUOTES)))


def _checked(given: Mapping[str, str], problems: list[str]) -> Settings:
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        # Not chained: pydantic's own text could repeat what was set.
        raise BadSettings(*problems, *(_sentence(problem) for problem in error.errors())) from None
    if problems:
        raise BadSettings(*problems)
    return settings


def _names() -> set[str]:
    return {name.upper() for name in Settings.model_fields} | {ENV_FILE}


def _unset(given: Mapping[str, str]) -> list[str]:
    """The names that a misspelt one may have meant; those of AWS are other programs' too, and idle without a bucket."""
    idle = "media_bucket" not in given
    return [
        name.upper() for name in Settings.model_fields if name not in given and not (idle and name.startswith("aws_"))
    ]


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0])
    because = problem.get("ctx", {}).get("error")
    if isinstance(because, Because):
        return f"{name.upper()} {because}"
    wanted = Settings.model_fields[name].description
    value = str(problem["input"])
    speakable = name not in UNSPEAKABLE and HARMLESS.fullmatch(value) is not None
    found = f"it is {value!r}" if speakable else "what it is set to is not"
    return f"{name.upper()} must be {wanted}; {found}."


def misspelt(found: Iterable[str], ours: Collection[str], unset: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each name that was found and is like one of `unset`, as long as it is none of `ours`."""
    meant = [name for name in unset if len(name) >= SHORTEST]
    for name in sorted({name.upper() for name in found} - set(ours)):
        like = _meant_by(name, meant)
        if like is not None:
            yield f"There is no setting {name}, so nothing reads it: did you mean {like}?"


def _meant_by(name: str, meant: Collection[str]) -> str | None:
    """The setting that a name is a slip of: by its letters, or with one of its words left out."""
    bare = name.removeprefix(OURS)
    if bare in meant:
        return bare
    shorter = (
        like for like in meant if not like.startswith(OF_ALL) and _lacks_a_word(bare.split("_"), like.split("_"))
    )
    return next(iter(get_close_matches(bare, meant, n=1, cutoff=CLOSE)), next(shorter, None))


def _lacks_a_word(name: list[str], like: list[str]) -> bool:
    """A single word would be many programs' own, and so would a name without its first."""
    return len(like) - len(name) == 1 < len(name) and name[0] == like[0] and set(name) < set(like)


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
