"""The model's data: tables read and checked, drivers by year, initial state of every unit."""

from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.initial.states import build_initial
from zhuanxing.data.observed import observed
from zhuanxing.data.tables import DataError, Tables, read_tables

__all__ = ["DataError", "Tables", "build_drivers", "build_initial", "observed", "read_tables"]
