"""Whether all that a venue numbered has come."""

from __future__ import annotations

from dataclasses import dataclass, field

ENOUGH = (
    20  # messages after which numbers that mostly do not follow are known to count something else
)


@dataclass(slots=True)
class Count:
    """Of what came through one connection. A number follows if it is the next of the connection,
    or of its channel: no source says which of them it counts. What comes late or twice follows.
    """

    last: int | None = None
    channels: dict[str, int] = field(default_factory=dict)
    told: int = 0
    jumps: int = 0

    def follows(self, channel: str, number: int) -> bool:
        """False when something before it did not come."""
        before, own = self.last, self.channels.get(channel, -1)
        self.channels[channel] = max(own, number)
        self.last = number if before is None else max(before, number)
        self.told += 1
        if before is None or number <= before + 1 or number == own + 1:
            return True
        self.jumps += 1
        return self.told > ENOUGH and 2 * self.jumps > self.told
