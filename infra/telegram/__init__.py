"""Telegram as the ports Chat and Updates.

Read callback_data, caption_text, caption_lines, cards, update_parsing, which are pure; then http, errors, updates, bot.
"""
