"""Uncertainty: the ranges of what is not known, and draws from them."""
