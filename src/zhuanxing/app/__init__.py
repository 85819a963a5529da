"""The planner's desk in a browser: levers on the left, what they do on the right."""
