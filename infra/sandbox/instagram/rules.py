"""What the sandbox's Instagram allows, and how it says no.

https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DAY_SECONDS = 86_400.0
MEGABYTE = 1024 * 1024
IMAGE_BYTES = 8 * MEGABYTE
VIDEO_BYTES = 100 * MEGABYTE
NARROWEST = 0.55  # 9:16, and a little for rounding
WIDEST = 1.92  # 1.91:1

UNKNOWN = "An unknown error has occurred."
WORDS: dict[tuple[int, int | None], str] = {
    (1, None): "An unknown error occurred",
    (2, None): "An unexpected error has occurred. Please retry your request later.",
    (-1, 2207001): "Instagram server error. Try again.",
    (-1, 2207032): "Create media fail, please try to re-create media.",
    (-2, 2207003): "It takes too long to download the media.",
    (-2, 2207020): "The media you are trying to access has expired. Please try to upload again.",
    (4, None): "Application request limit reached",
    (4, 2207051): "We restrict certain activity to protect our community. Tell us if you think we made a mistake.",
    (9, 2207042): "You reached maximum number of posts that is allowed to be published by Content Publishing API.",
    (17, None): "User request limit reached",
    (24, 2207006): "The media with id {0} cannot be found. Make sure you have the permission to access it.",
    (24, 2207008): "The media builder does not exist or has expired. Please try again.",
    (25, 2207050): "The Instagram account is restricted.",
    (32, None): "Page request limit reached",
    (100, None): "Invalid parameter: {0}",
    (100, 33): "Unsupported request. Object with ID '{0}' does not exist, cannot be loaded due to missing permissions, "
    "or does not support this operation.",
    (101, None): "Error validating application. Cannot get application info due to a system error.",
    (190, None): "Invalid OAuth access token - Cannot parse access token",
    (190, 463): "Error validating access token: Session has expired.",
    (352, 2207026): "The video format is not supported. Please check spec for supported {0} format.",
    (613, None): "Calls to this api have exceeded the rate limit.",
    (9004, 2207052): "The media could not be fetched from this URI: {0}",
    (9007, 2207027): "The media is not ready for publishing, please wait for a moment.",
    (36000, 2207004): "The image is too large to download. It should be less than 8 MiB.",
    (36001, 2207005): "The image format {0} isn't supported. It should be JPEG.",
    (36003, 2207009): "The submitted image with aspect ratio ('{0}',) cannot be published.",
    (80002, None): "There have been too many calls to this Instagram account. Wait a bit and try again.",
}
TRANSIENT = {1, 2, 4, 17, 32, 613, 80002, -1, -2}
PASSES_UNSAID = {(4, 2207051)}  # passes within hours, and is not called transient
STATES = {4: 403, 9: 403, 17: 403, 25: 403, 32: 403, 613: 403, 80002: 429, 1: 500, 2: 500, -1: 500}


@dataclass(frozen=True, slots=True)
class InstagramRules:
    """The figures that Instagram does not document, or that a test wants otherwise.

    Whether a container can be published twice is not documented: `accepts_second_publish` makes a second story of it.

    `first_links_refused` is the share of good files whose first link is answered 9004/2207052, `further_links_refused`
    that of other links of the same file. The answer is remembered for the link; one that was never seen is fetched.
    `unready_though_finished` is the share of containers that say FINISHED and are not ready to be published yet. See
    AT_METAS_RATES for what was measured.
    """

    lag_seconds: float = 1.0
    container_lifetime_seconds: float = DAY_SECONDS
    story_lifetime_seconds: float = DAY_SECONDS
    accepts_second_publish: bool = True
    quota_total: int = 50
    quota_seconds: float = DAY_SECONDS
    token_lifetime_seconds: float = 60 * DAY_SECONDS
    fetch_timeout_seconds: float = 10.0
    first_links_refused: float = 0.0
    further_links_refused: float = 0.0
    link_remembered_seconds: tuple[float, float] = (30.0, 120.0)
    unready_though_finished: float = 0.0
    unready_seconds: tuple[float, float] = (5.0, 99.0)


# Measured by others on live accounts in 2026: 8 of 25, 13 of 49 and 8 of 21 first fetches of good files were answered
# 9004/2207052, another link of the same file was taken in 13 of 14 cases, and one of 13 stories was not ready though it
# said FINISHED, for 99 s.
AT_METAS_RATES: dict[str, float] = {
    "first_links_refused": 0.3,
    "further_links_refused": 0.07,
    "unready_though_finished": 0.08,
}


class GraphRefusal(Exception):
    """Instagram's no: the codes and the words that the caller is to see."""

    def __init__(self, code: int, subcode: int | None = None, about: str = "", words: str | None = None) -> None:
        super().__init__(f"({code}/{subcode})")
        self.code = code
        self.subcode = subcode
        self.message = words or f"(#{code}) " + WORDS.get((code, subcode), UNKNOWN).format(about)

    @property
    def http(self) -> int:
        """The HTTP code under which it comes."""
        return STATES.get(self.code, 400)

    def wire(self) -> dict[str, Any]:
        """Put it into the Graph API's envelope."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode is not None:
            error |= {"error_subcode": self.subcode, "error_user_title": "Not done", "error_user_msg": self.message}
        is_transient = self.code in TRANSIENT and (self.code, self.subcode) not in PASSES_UNSAID
        return {"error": error | {"is_transient": is_transient, "fbtrace_id": "AsandboxSandboxSandbox"}}


def invalid(about: str) -> GraphRefusal:
    """Name a parameter that is missing or wrong."""
    return GraphRefusal(100, None, about)


def not_a_tester(method: str) -> GraphRefusal:
    """Say to an app without Advanced Access that an account is none of its testers."""
    return GraphRefusal(100, words=f"Unsupported request - method type: {method}")


def no_pages() -> GraphRefusal:
    """Say that a page has no pages."""
    return GraphRefusal(100, words="(#100) Tried accessing nonexisting field (accounts) on node type (Page)")


def wrong_secret() -> GraphRefusal:
    """Say that an app is not who it says: as code 1, and not as 101."""
    return GraphRefusal(1, words="Error validating client secret.")


def needs_right(right: str) -> GraphRefusal:
    """Say which right a token lacks."""
    return GraphRefusal(10, words=f"(#10) Application does not have permission for this action: requires {right}")


def unknown(node: str) -> GraphRefusal:
    """Say that there is no such object, or that this token may not see it."""
    return GraphRefusal(100, 33, node)
