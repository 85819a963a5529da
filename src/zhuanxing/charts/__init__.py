"""Charts of stored results: one file a chart, each with one public function `draw`."""
