"""Sector files and tables put together into one model, structure and numbers apart."""

from zhuanxing.equations.assemble import TABLES, Equations, assemble

__all__ = ["TABLES", "Equations", "assemble"]
