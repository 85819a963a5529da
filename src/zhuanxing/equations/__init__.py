"""Sector files and tables put together into one model text."""

from zhuanxing.equations.assemble import assemble

__all__ = ["assemble"]
