"""An OTP-like kernel that knows nothing of stories: mailboxes, supervision, one live actor per key.

Read `mailbox.py`, then `child.py` and `restarts.py` (the words), `supervisor.py`, and last `actor.py`, `cell.py` and
`registry.py`.
"""
