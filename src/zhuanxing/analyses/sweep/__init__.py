"""Sweeps: designs over levers, assumptions and drivers, run into one store and summarised."""
