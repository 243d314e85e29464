"""The pauses between the tries of a publish, and when they end. Seconds; what others depend on is in bounds.py."""

from __future__ import annotations

from actors.runtime.backoff import Backoff

PATIENCE_SECONDS = 300.0  # with a file that is fetched, and with an Instagram that cannot be reached
# A container that cannot be read (100/33) may be there all the same: a page's token is told so for good, while it may
# publish. One that was never sent is published unread after so long.
UNREADABLE_SECONDS = 60.0
LOOK_PAUSES = Backoff((1.0, 2.0, 3.0, 5.0))
# Meta takes 400 containers a day of an account. Ten tries fill the patience, and the first ones are what mostly helps:
# a link that Instagram never saw is fetched at once.
CREATE_PAUSES = Backoff((2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 60.0, 60.0))
READY_PAUSES = Backoff((5.0, 10.0, 15.0, 20.0, 30.0))
LOSSES = 3  # answers of publish calls that may be lost before people are asked
CONTAINERS = 3  # that may fail while Instagram prepares them
