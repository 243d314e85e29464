"""What a setting's value must be; a check that fails says no more, the field's description says what is wanted."""

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from infra.settings import database_url

# The shape is documented at https://core.telegram.org/bots/api#authorizing-your-bot
BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
# 32 bytes in URL-safe base64: github.com/fernet/spec
FERNET_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")

# https://core.telegram.org/bots/api#setwebhook
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")

# `socks` is what GNOME writes.
PROXY_SCHEMES = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"}


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError  # the field's description says what is wanted


def postgres_url(url: SecretStr) -> SecretStr:
    database_url.check(url.get_secret_value())
    return url


def bot_token(token: SecretStr) -> SecretStr:
    _must(BOT_TOKEN.fullmatch(token.get_secret_value()) is not None)
    return token


def hard_to_guess(secret: SecretStr) -> SecretStr:
    _must(len(secret.get_secret_value()) >= 16)
    return secret


def webhook_secret(secret: SecretStr) -> SecretStr:
    _must(WEBHOOK_SECRET.fullmatch(secret.get_secret_value()) is not None)
    return secret


def fernet_keys(keys: SecretStr) -> SecretStr:
    _must(all(FERNET_KEY.fullmatch(key.strip()) for key in keys.get_secret_value().split(",")))
    return keys


def web_address(text: str) -> str:
    url = urlsplit(text)
    _must(url.scheme in {"http", "https"} and bool(url.hostname))
    _must(url.port != 0)  # reading it raises ValueError itself if it is no port at all
    _must(not (url.username or url.password or url.query or url.fragment))
    _must(not re.search(r"\s", text))
    return text.rstrip("/")


def origin(text: str) -> str:
    _must(not urlsplit(text).path.strip("/"))
    return web_address(text)


def webhook_address(text: str) -> str:
    _must(not re.search(r"[{}%]", text))  # its path is looked up as it stands
    return web_address(text)


def directory(path: Path) -> Path:
    """A path that was meant: nothing expands a variable here, and a control character is no part of a name."""
    text = str(path)
    _must(text.isprintable() and not text.startswith("$") and "${" not in text)
    try:
        return path.expanduser()
    except RuntimeError as error:  # no such user's home
        raise ValueError from error


def upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def own_address(text: str) -> str:
    """An address of this machine on which to listen; a name would be another one tomorrow."""
    if text == "localhost":
        return "127.0.0.1"
    ip_address(text.strip("[]"))
    return text.strip("[]")


def proxy(url: SecretStr) -> SecretStr:
    """A proxy as curl takes it, whole: without a scheme it is an HTTP one."""
    text = url.get_secret_value()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    _must(parts.scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0)
    _must(not (parts.path.strip("/") or parts.query or parts.fragment or re.search(r"\s", text)))
    return SecretStr(parts._replace(path="").geturl())
