"""What the whole core speaks of: items, messages, accounts, chats, times. Pure."""
