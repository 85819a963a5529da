"""Which parameters drive the results, and which of them the statistics can tell apart."""
