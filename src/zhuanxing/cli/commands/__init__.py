"""One module a command: parse, call, print.

What takes long to import is imported in the functions that need it: a misspelt setting is refused
before that.
"""
