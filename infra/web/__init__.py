"""What a worker tells over HTTP. Read health (what is judged, and how), then server."""
