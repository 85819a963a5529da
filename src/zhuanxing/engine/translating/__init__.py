"""Translating: from a syntax tree to nodes that NumPy and JAX evaluate."""
