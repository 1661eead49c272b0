"""Real PostgreSQL and Valkey from wheels, for development, the demo and the tests.

No Django in here: it runs before settings can be read. Production points DATABASE_URL and
REDIS_URL at servers of its own and never imports this package.
"""

from mimic.ops.embedded.instance import HOME, Embedded, InstanceInUse
from mimic.ops.embedded.spawning import ServerFailed
from mimic.ops.embedded.supervisor import Supervisor

__all__ = ["HOME", "Embedded", "InstanceInUse", "ServerFailed", "Supervisor"]
