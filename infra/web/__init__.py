"""What a worker tells over HTTP. Read health (what is judged, and how), media (the files), then server."""
