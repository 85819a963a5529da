"""Results: annual values with everything that is needed to read and repeat them."""
