"""The live hub: broadcasts from any process to every browser that should see them.

Channel-layer groups were measured at p99 2-2.7 s with 5,000 sockets; one Redis subscription a
process, one serialisation and a loop over local sockets take 0.15-0.18 s
(docs/architecture.md, "Sockets").
"""

from mimic.web.hub.publisher import publish, publish_bundle, publish_each

__all__ = ["publish", "publish_bundle", "publish_each"]
