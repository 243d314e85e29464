"""How many examples hypothesis tries: seventy, always the same ones; with --hypothesis-profile=long many others."""

from hypothesis import settings

settings.register_profile("short", max_examples=70, derandomize=True, database=None, deadline=None)
settings.register_profile("long", max_examples=3000, database=None, deadline=None, print_blob=True)
settings.load_profile("short")
