"""Packages of levers that reach a city's aims at the least of something, by the exact gradient."""
