"""What a worker tells over HTTP. Read health (what is judged), media (the files), server, then probe (who asks)."""
