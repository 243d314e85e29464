"""What people read of calls to Instagram that brought no answer of use; what its errors mean stands in verdicts.py.

The sentences on a publish reach the card, those on a token the operator who connects an account.
"""

from __future__ import annotations

STOPPING = "Instagram was not asked: this worker stops."
BROKE = "The connection to Instagram broke before its answer came."
ENDLESS = "Instagram's answer does not end."
UNKNOWN_STATE = "Instagram says of the prepared story what we do not know."
NO_TOTAL = "Instagram did not say how many posts there are."
NO_USE = "Instagram did not say how many posts are used."
# What stood in the way of a connection.
PROXY_SILENT = "the proxy does not answer"
NO_NAME = "its name was not found (DNS)"
BAD_CERTIFICATE = "its certificate is not valid (TLS)"
NO_TLS = "no encrypted connection came about (TLS)"
NO_CONNECTION_IN_TIME = "no connection in time"
BAD_ADDRESS = "its address is not valid"
CONNECTION_REFUSED = "the connection was refused"
NO_CONNECTION = "no connection came about"
# For the operator.
NOT_A_TOKEN = "This is not a token of Instagram's: it holds blanks or other characters that no token has."  # noqa: S105 - a sentence
NO_APP = (
    "The token of a Facebook login is renewed by its app alone, and the app's id and secret are not set. "
    "Set them, or connect the account again before its token ends."
)
NOT_YET = (
    "Instagram did not renew the token, but still takes it: one that is less than a day old cannot be renewed yet."
)
NO_PAGE = (
    "This token sees no Instagram account. The account must be a professional one and connected to a Facebook page, "
    "and the token must have been allowed to see that page."
)
NO_PAGE_OF_BUSINESS = (
    "This token sees no Instagram account. If its page belongs to a business, the token needs the right "
    "business_management, too; else the account must be a professional one and connected to a Facebook page that the "
    "token was allowed to see."
)
NOT_FOR_THIS = (
    "This token may publish for other accounts only. Make a new one, and in Facebook's window choose this account, "
    "too, for the right instagram_content_publish."
)
NOT_TAKEN = "This token is refused by Instagram. Make a new one, copy all of it, and look whether --login is right."
FOREIGN = "This token belongs to another Instagram account than the one that was named."
MAY_NOT = "This token may not publish. Make a new one with the right instagram_content_publish."


def unreachable(obstacle: str) -> str:
    """Say that nothing was asked, and why."""
    return f"Instagram could not be reached: {obstacle}."


def proxy_refused(status: int) -> str:
    """Say what a proxy answered instead."""
    return f"the proxy did not let us through (HTTP {status})"


def has_a_problem(status: int) -> str:
    """Say that the other side has a fault."""
    return f"Instagram, or something before it, has a problem (HTTP {status})."


def unreadable(status: int) -> str:
    """Say that an answer came, and is none that we know."""
    return f"Instagram's answer could not be read (HTTP {status})."


def several(names: str) -> str:
    """Ask for one account of several."""
    return f"This token sees several Instagram accounts. Name one by its id: {names}."


def short_lived(minutes: int) -> str:
    """Say that a token is no good for a queue that plans for days."""
    return (
        f"This token is good for {minutes} minutes only. Set FACEBOOK_APP_ID and FACEBOOK_APP_SECRET, so that it is "
        "exchanged for one of 60 days, or take a long-lived one."
    )
