"""A local Telegram with the real rules.

Read in this order: `rules` (what is allowed, and how a no is said), `model` (people, chats, messages), `markup` and
`compose` (a request becomes the content of a message), `files`, `limits`, `queries`, `updates`, `webhooks`, then
`world`, which puts these together and is pure: time arrives as an argument, in seconds. `methods` is the table of the
Bot API's methods, `arguments` what they are called with; `polling`, `pushing`, `exchange` and `bot_api` speak HTTP.
"""
