"""Updates from Telegram: polled under a lease or brought to a webhook, and dispatched to who serves them."""
