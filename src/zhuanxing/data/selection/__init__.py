"""Selection: one observation out of several sources, by a written rule."""
