"""The core: what a review queue is, and the actors that run it. It knows ports, never what fills them.

A room a subject. Read them in this order: `domain/` (items, messages, accounts: what everything speaks of),
`operations/` (what is asked of the database), `ports.py` (what the outside must be able to do), `runtime/` (mailboxes
and supervision, without a word about stories), `item/` (where they meet: decide, and the actor around it), then the
other rooms, each of which stands for itself; `worker.py` puts them together. `errors.py` is shared with infra/.
What people read stands in the `texts.py` of its room, and nowhere else.
"""
