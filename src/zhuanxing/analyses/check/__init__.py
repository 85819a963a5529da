"""Checks that a user runs on the model: units, laws, extremes, levers, history."""
