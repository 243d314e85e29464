"""What people write to the bot: parsed, asked of the database, answered."""
