"""The file `.env`: what is read of it, what is refused, and that its example is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.settings import BadSettings, Settings
from infra.settings.reading import HOME, read_settings

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
EXAMPLE = HOME / ".env.example"


def read(home: Path, text: str | bytes, **environment: str) -> Settings:
    (home / ".env").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(environment, home, home)


def problem_of(home: Path, text: str | bytes, **environment: str) -> str:
    with pytest.raises(BadSettings) as caught:
        read(home, text, **environment)
    return str(caught.value)


def test_file_beside_main_is_read_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    settings = read(tmp_path, f"export PORT=81\nPOOL_SIZE=7\nTELEGRAM_TOKEN={TOKEN}\n", PORT="82")

    assert (settings.port, settings.pool_size, settings.bot_token()) == (82, 7, TOKEN)


def test_what_the_environment_sets_to_nothing_is_unset_whatever_the_file_says(tmp_path: Path) -> None:
    assert read(tmp_path, "PORT=81\n", PORT="").port == 8080


def test_file_of_windows_reads_like_any_other(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbfPORT=81\r\nLOG_LEVEL=debug\r\nDATA_DIR='/srv/stories'\r\n"

    settings = read(tmp_path, text)

    assert (settings.port, settings.log_level, settings.data_dir) == (81, "DEBUG", Path("/srv/stories"))


def test_password_that_looks_like_a_variable_stays_as_it_is(tmp_path: Path) -> None:
    settings = read(tmp_path, 'LINK_SECRET=ab${HOME}$PORT`id`cd\nDATABASE_URL="postgresql://a:b${PORT}@h/d"\nPORT=1\n')

    assert settings.link_secret is not None
    assert settings.link_secret.get_secret_value() == "ab${HOME}$PORT`id`cd"
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://a:b${PORT}@h/d"


def test_secrets_of_the_file_are_kept_out_of_logs(tmp_path: Path) -> None:
    settings = read(tmp_path, f"TELEGRAM_TOKEN={TOKEN}\nHTTPS_PROXY=http://anna:pa%40ss@proxy:3128\n")

    assert {TOKEN, "pa%40ss", "pa@ss"} <= set(settings.secrets())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("PORT=81\n\n\nTELEGRAM_TOKEN hunter2\n", "line 4: this is not NAME=value"),
        ("LINK_SECRET='hunter2\nPORT=1\n", "line 1: this is not NAME=value; a value in quotes ends with the same"),
        ("hunter2\n", "line 1: this is not NAME=value"),
        ("PORT='hunter2'x\n", "line 1: this is not NAME=value"),
        (b"LINK_SECRET=hunter2\xff\n", "is not UTF-8 text: save it as UTF-8."),
        ("PORT=81\n".encode("utf-16"), "is not UTF-8 text: save it as UTF-8."),
        (b"# hunter2\n" * 100_001, "is longer than 1000000 bytes"),
    ],
)
def test_file_that_cannot_be_read_is_one_sentence_that_repeats_nothing(
    tmp_path: Path, text: str | bytes, sentence: str
) -> None:
    problem = problem_of(tmp_path, text)

    assert problem.startswith(str(tmp_path / ".env"))
    assert sentence in problem
    assert ("hunter2" in problem, problem.count("\n")) == (False, 0)


def test_folder_in_its_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(BadSettings, match=r"\.env cannot be read \(Is a directory\)"):
        read_settings({}, tmp_path, tmp_path)


def test_wrong_value_in_the_file_is_told_like_one_of_the_environment(tmp_path: Path) -> None:
    assert problem_of(tmp_path, "POOL_SIZE=many\n").startswith("POOL_SIZE must be a number of connections")


def test_another_file_can_be_named_and_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "live.env").write_text("PORT=83\n")

    assert read(tmp_path, "PORT=81\n", ENV_FILE="live.env").port == 83
    assert read(tmp_path, "PORT=81\n", ENV_FILE="/dev/null").port == 8080
    assert (
        problem_of(tmp_path, "", ENV_FILE="gone.env") == f"There is no file {tmp_path}/gone.env, which ENV_FILE names."
    )


def test_example_names_every_setting_and_is_one_itself(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    named = re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE)

    everything = read(tmp_path, re.sub(r"^#(?=[A-Z_]+=)", "", text, flags=re.MULTILINE))

    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)
    assert everything.model_fields_set == set(Settings.model_fields)
    assert read(tmp_path, text) == read(tmp_path, "")


def test_defaults_in_the_example_are_those_of_the_settings(tmp_path: Path) -> None:
    bare = read_settings({}, tmp_path, tmp_path)
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))

    named = {name: shown[name.upper()] for name in ("pool_size", "port", "aws_region", "log_format", "log_level")}

    assert named == {name: str(getattr(bare, name)) for name in named}
    assert float(shown["SHUTDOWN_GRACE_SECONDS"]) == bare.shutdown_grace_seconds
    assert tmp_path / shown["DATA_DIR"] == bare.data_dir


def test_git_ignores_the_file() -> None:
    assert ".env" in (HOME / ".gitignore").read_text(encoding="utf-8").splitlines()
