"""The core: what a review queue is, and the actors that run it. It knows ports, never what fills them.

Read it in this order: `rules/` (what can be decided on paper), `ports.py` (what the outside must be able to do),
`runtime/` (mailboxes and supervision, without a word about stories), `item.py` (where the three meet), then the other
actors, each of which stands for itself. `errors.py` is shared with infra/.
"""
