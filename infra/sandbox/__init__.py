"""A local Telegram with the real rules and faults on demand.

Read in this order: `rules` (what is allowed, and how a no is said), `model` (people, chats, messages), `markup` and
`compose` (a request becomes the content of a message), `files`, `limits`, `queries`, `updates`, `journal`, then
`world`, which puts these together and is pure: time arrives as an argument, in seconds. `methods` is the table of the
Bot API's methods, `arguments` what they are called with. `faults` says what can go wrong; `polling`, `exchange`,
`bot_api` and `control` speak HTTP; `sandbox` is the same for Python, and `server` opens it. `people` taps as a team
would, `report` counts what the people saw, `pictures` draws stories to look at.
"""
