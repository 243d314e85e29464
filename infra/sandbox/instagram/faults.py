"""The ways in which publishing goes wrong, each as the fault that plays it."""

from __future__ import annotations

from infra.sandbox.common.faults import Fault, FaultKind

LOST_BEFORE = Fault(FaultKind.RESET_BEFORE, "publish")
LOST_AFTER = Fault(FaultKind.RESET_AFTER, "publish")
SILENT_AFTER = Fault(FaultKind.HANG_AFTER, "publish")
# Seen in production: https://github.com/gitroomhq/postiz-app/issues/1681
ERROR_THOUGH_PUBLISHED = Fault(FaultKind.GRAPH_ERROR_AFTER, "publish", code=4, subcode=2207051)
UNREADABLE = Fault(FaultKind.GRAPH_ERROR, "*container", code=100, subcode=33)
# Seen in production: https://github.com/gitroomhq/postiz-app/issues/1562
UNREADABLE_ONCE_LIVE = Fault(FaultKind.GRAPH_ERROR, "published_container", code=100, subcode=33)
THROTTLED_APP = Fault(FaultKind.GRAPH_ERROR, code=4)
THROTTLED_USER = Fault(FaultKind.GRAPH_ERROR, code=17)
DAILY_LIMIT = Fault(FaultKind.GRAPH_ERROR, "publish", code=9, subcode=2207042)
TOKEN_EXPIRED = Fault(FaultKind.GRAPH_ERROR, code=190, subcode=463)
SLOW = Fault(FaultKind.DELAY, seconds=20)
UNREACHABLE = Fault(FaultKind.NETWORK_OFF)
NOT_FETCHED = Fault(FaultKind.GRAPH_ERROR, "create", code=9004, subcode=2207052)
