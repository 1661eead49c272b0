"""Whether all that a venue numbered has come."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Count:
    """Of what came through one connection. A number follows if it is the next of the connection,
    or of its channel: no source says which of them it counts. What comes late or twice follows.
    """

    last: int | None = None
    channels: dict[str, int] = field(default_factory=dict)

    def follows(self, channel: str, number: int) -> bool:
        before, own = self.last, self.channels.get(channel, -1)
        self.channels[channel] = max(own, number)
        if before is None:
            self.last = number
            return True
        self.last = max(before, number)
        return number <= before + 1 or number == own + 1
