"""The page: the group on a phone, the worker's log beside it, and switches for everything that can go wrong.

Rendered here and sent piece by piece: `look` (a message as the templates want it), `texts` (log lines in plain words),
`gallery` (what is live on Instagram), `timeline` (log lines and taps folded into stories), `switches` (what can be
harmed, and for how long), `stream` (what changed, as server-sent events), `page` (the routes). What came of all taps is
counted by the demo's `report`. `static/page.js` only puts the pieces in their places.
"""
