"""The command line: one file a command, dispatched by main."""
