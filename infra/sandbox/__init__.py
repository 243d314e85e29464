"""A local Telegram and a local Instagram with the real rules and faults on demand, and the demo around them.

Read in this order: `telegram/`, `common/` (faults, the journal, where it listens), `instagram/`, then `sandbox` (all of
it as a Python object), `control` (the same for another process), `server` (opens it), `page/` and `demo/`.
"""
