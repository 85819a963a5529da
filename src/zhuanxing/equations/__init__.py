"""Sector files and tables put together into one model, structure and numbers apart."""

from zhuanxing.equations.assemble import Equations, assemble

__all__ = ["Equations", "assemble"]
