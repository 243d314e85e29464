"""The adapters: one folder per outside system, each filling ports of actors/, none importing another."""
