"""Analyses: what drives the model in batches and judges it."""
