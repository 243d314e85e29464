"""Telegram as the ports Chat and Updates. Read taps, markup, lines, cards, then request, errors, updates, bot."""
