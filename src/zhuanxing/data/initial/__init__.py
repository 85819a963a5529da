"""Initial states of the cities from the tables."""
