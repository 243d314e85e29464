"""The bounds that hold together over rooms: how long, how many, and on which others each of them depends. Pure.

A bound on which no other room depends stands beside what it bounds. tests/actors/test_bounds.py holds the orders told
here; those of the adapters, each of which ends before ours, are held by the test_bounds.py of their folders.

A tap:       stuck 5 < hiding 20 < hold 100 < Telegram's 150; at the webhook a look at its button 8 < its hold 10
Updates:     waiting 90 < shown 100; a poll 25, its call 50 < silent 60
Poll lease:  contested 10 + standby 3 + last read 1 < 15 to take over; renewed 5, twice within contested
Cards:       an edit 15 < late 45 < confirmed 60; with all of them, and a line that is missing 60, over within 150
Publishes:   renewed 25 + read 20 < lease 75; sent within 40 + call 30 < lease; call < settled 60 < doubt 150
The database: an attempt 12, longer than the adapter's own bounds together; a tap's hold has room for many of them
"""

from __future__ import annotations

# A tap.
PRESS_SECONDS = 150.0  # so long Telegram keeps a press
TAP_HOLD_SECONDS = 100.0  # from our first sight of it until it is stored or refused: well within PRESS_SECONDS
HIDING_SECONDS = 20.0  # so long one that is stuck may hide newer taps because so many behind it are done
STUCK_SECONDS = 5.0  # fewer seconds are a burst that a healthy database takes in its stride
PUSH_HOLD_SECONDS = 10.0  # of a tap at the webhook, whichever request brings it
LOOK_AT_BUTTON_SECONDS = 8.0  # whose card it is: over before PUSH_HOLD_SECONDS

# Updates.
MOST_SHOWN = 100  # unconfirmed updates that Telegram shows at once, from the oldest on
MOST_WAITING = 90  # of them: beyond MOST_SHOWN, no newer tap would be seen
POLL_SECONDS = 25.0  # Telegram allows 50; but a path that died in silence is noticed only once a poll is overdue
POLL_CALL_SECONDS = POLL_SECONDS + 25.0  # its own bounds: 5 to connect, 10 to send, 10 more than asked for to answer
SILENT_SECONDS = 60.0  # without an answer of Telegram's until the team is told so: longer than POLL_CALL_SECONDS

# The lease of the worker that polls.
CONTESTED_SECONDS = 10.0  # it lasts so long while another worker waits for it
POLL_RENEW_SECONDS = CONTESTED_SECONDS / 2  # the second renewal comes while the first still holds
STANDBY_SECONDS = 3.0  # from one look of a standby to the next
LAST_READ_SECONDS = 1.0  # the look that finds it free
NUDGE_SECONDS = 0.5  # a standby looks at once after a nudge: shorter than its own pause, STANDBY_SECONDS

# Cards.
EDIT_SECONDS = 15.0  # of the call of an edit
LATE_EDIT_SECONDS = 45.0  # what a worker sent before it died may be shown as late as this, over what its successor drew
CONFIRM_SECONDS = 60.0  # an edit whose answer was lost may be applied this late, over a newer one
UNLOGGED_SECONDS = 60.0  # a tap without a line has lost its actor: the worker that draws its card again writes it
KEEP_CLAIM_SECONDS = 20.0  # from one renewal of a send's claim, which lasts 60 s (schema/cards.sql), to the next

# Publishes.
READ_CALL_SECONDS = 20.0  # the longest that a call takes which publishes nothing
PUBLISH_CALL_SECONDS = 30.0  # the longest that a publish call takes
PUBLISH_LEASE_SECONDS = 75.0
PUBLISH_RENEW_SECONDS = 25.0  # with a call that reads, READ_CALL_SECONDS, still within the lease
SEND_WITHIN_SECONDS = PUBLISH_LEASE_SECONDS - PUBLISH_CALL_SECONDS - 5.0  # from asking for the lease to the call
SETTLE_SECONDS = 60.0  # of a publish call, after which its effect can be seen: PUBLISH_CALL_SECONDS, and 30 s
# What the promise gives a publish call: to be answered, and to be ready for. A container that says FINISHED was
# answered "not ready" (9007/2207027) for 99 s by one live account: nothing has happened, so the same one is sent again.
PUBLISH_DOUBT_SECONDS = 150.0

# The database.
ATTEMPT_SECONDS = 12.0  # of an operation, whatever its adapter does
