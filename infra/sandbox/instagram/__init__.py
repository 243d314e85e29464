"""A local Instagram: the Graph calls of a story, told by a clock of its own, with faults on demand.

`rules` (figures and refusals), `model` (accounts, containers, stories), `world` (what each call changes; pure), `fetch`
(the media link, fetched as Meta does), `calls` (arguments in, JSON out), `api` (HTTP and the faults in between),
`faults` (the ways in which publishing went wrong in production), `facade` (everything that a test may do), `control`
(the same for another process).
"""
