"""What a worker tells over HTTP. Read health (what is judged), media, webhook, server, then probe (who asks)."""
