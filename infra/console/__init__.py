"""The operator's command line.

Read opened (what it needs), shell (how a command ends), arguments, asking, printing, then one module for each group of
commands, and app, which puts them together.
"""
