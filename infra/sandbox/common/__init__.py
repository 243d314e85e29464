"""What Telegram and Instagram of the sandbox share: faults, the journal, and where they listen."""
