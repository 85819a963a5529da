"""Forecasts of years that are known, judged against naive forecasts from the same information."""
