"""The computer's own clock, as GET TIME VALUE(2, offset, measure) tells it.

It is read once a run, before the run starts. Numbers are those of Vensim's manual. PySD differs in
three: it counts weekdays from Monday, days from the year 1 and seconds within the day.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

__all__ = ["MEASURES", "computer_time"]

MEASURES = (
    "year", "quarter (1-4)", "month (1-12)", "day of the month (1-31)",
    "day of the week (0 is Sunday)", "days since 1 January 1 BC", "hour (0-23)", "minute (0-59)",
    "second (0-59.99)", "elapsed seconds modulo 500,000",
)  # fmt: skip
DAYS_OF_THE_YEAR_ZERO = 366


def computer_time(now: datetime) -> np.ndarray:
    """Return all measures of a moment, in the order of MEASURES: (10,)."""
    since = now - datetime(1, 1, 1)
    return np.array(
        [
            now.year,
            (now.month + 2) // 3,
            now.month,
            now.day,
            now.isoweekday() % 7,
            since.days + DAYS_OF_THE_YEAR_ZERO,
            now.hour,
            now.minute,
            now.second + 1e-6 * now.microsecond,
            int(since.total_seconds()) % 500_000,
        ],
        dtype=np.float64,
    )
