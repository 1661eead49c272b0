"""The fault matrix as a table: :data:`FAULTS`, by number."""

from __future__ import annotations

from tests.chaos.faults import wire
from tests.chaos.faults.table import Fault

FAULTS: dict[int, Fault] = {fault.number: fault for fault in wire.FAULTS}
