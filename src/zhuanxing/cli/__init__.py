"""The command line: one file a command, dispatched by main."""

from __future__ import annotations
