"""What an error would tell whoever logs it."""

import traceback

from tests.infra.instagram.accounts import SIGNATURE, TOKEN

APP_SECRET = "app-secret-of-the-test"
LOOPBACK = "127.0.0.1"
SECRETS = (TOKEN, SIGNATURE, APP_SECRET, LOOPBACK, "http://", "https://", "Meta's own words")


def told(error: BaseException | None) -> str:
    """Everything that an error says, its causes and contexts included, also those that are suppressed."""
    if error is None:
        return ""
    own = [str(error), repr(error), repr(error.args), *traceback.format_exception_only(error)]
    return "\n".join([*own, told(error.__cause__), told(error.__context__)])


def leaked(error: BaseException) -> list[str]:
    """The secrets that it tells."""
    return [secret for secret in SECRETS if secret in told(error)]
