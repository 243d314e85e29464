"""The operator's command line.

Read ports (what it needs), exit_codes (how a command ends), arguments, admin_calls, printing, then one module for each
group of commands, and app, which puts them together.
"""
