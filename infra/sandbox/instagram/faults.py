"""The ways in which publishing goes wrong, each as the fault that plays it."""

from __future__ import annotations

from infra.sandbox.common.faults import Fault, Kind

LOST_BEFORE = Fault(Kind.RESET_BEFORE, "publish")
LOST_AFTER = Fault(Kind.RESET_AFTER, "publish")
SILENT_AFTER = Fault(Kind.HANG_AFTER, "publish")
# Seen in production: https://github.com/gitroomhq/postiz-app/issues/1681
ERROR_THOUGH_PUBLISHED = Fault(Kind.GRAPH_ERROR_AFTER, "publish", code=4, subcode=2207051)
UNREADABLE = Fault(Kind.GRAPH_ERROR, "*container", code=100, subcode=33)
# Seen in production: https://github.com/gitroomhq/postiz-app/issues/1562
UNREADABLE_ONCE_LIVE = Fault(Kind.GRAPH_ERROR, "published_container", code=100, subcode=33)
THROTTLED_APP = Fault(Kind.GRAPH_ERROR, code=4)
THROTTLED_USER = Fault(Kind.GRAPH_ERROR, code=17)
DAILY_LIMIT = Fault(Kind.GRAPH_ERROR, "publish", code=9, subcode=2207042)
TOKEN_EXPIRED = Fault(Kind.GRAPH_ERROR, code=190, subcode=463)
SLOW = Fault(Kind.DELAY, seconds=20)
UNREACHABLE = Fault(Kind.NETWORK_OFF)
NOT_FETCHED = Fault(Kind.GRAPH_ERROR, "create", code=9004, subcode=2207052)
