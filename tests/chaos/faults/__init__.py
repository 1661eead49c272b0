"""The fault matrix as a table: :data:`FAULTS`, by number."""

from __future__ import annotations

from tests.chaos.faults import doors, processes, stores, streams, venue, wire
from tests.chaos.faults.table import Fault

_TABLES = (wire, streams, venue, processes, stores, doors)
FAULTS: dict[int, Fault] = {fault.number: fault for table in _TABLES for fault in table.FAULTS}
