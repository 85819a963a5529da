"""Running: from nodes to numbers, one run or a batch at a time."""
