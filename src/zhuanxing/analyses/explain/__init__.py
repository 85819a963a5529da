"""Why a lever does what it does: the variables it works through, causes and uses, and loops."""
