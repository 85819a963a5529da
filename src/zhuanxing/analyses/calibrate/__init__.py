"""Fitting the model's parameters to statistics, with intervals."""
