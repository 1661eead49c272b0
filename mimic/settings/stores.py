"""Postgres, Redis and the channel layer from their URLs."""

from __future__ import annotations

from typing import Any

import environ
from redis.backoff import NoBackoff
from redis.retry import Retry


def databases(url: str, *, pooled: bool) -> dict[str, Any]:
    """One database. Web processes share a pool (psycopg_pool) between their threads.

    Workers keep a connection per thread instead: Celery closes the pool after every task, under
    the feet of the threads that write answers (celery.fixups.django, seen in 5.7).
    ``synchronous_commit`` stays at the server's ``on``: an intent that was told to be durable is.
    """
    config: dict[str, Any] = environ.Env.db_url_config(url)
    config["ENGINE"] = "django_prometheus.db.backends.postgresql"
    config["ATOMIC_REQUESTS"] = False
    config["CONN_MAX_AGE"] = 0 if pooled else None
    config["CONN_HEALTH_CHECKS"] = True
    config["OPTIONS"] = {
        **config.get("OPTIONS", {}),
        "prepare_threshold": 5,  # Django's cursors never prepare; mimic.core.prepared does
        "pool": {"min_size": 1, "max_size": 10, "timeout": 10} if pooled else False,
    }
    return {"default": config}


def caches(url: str) -> dict[str, Any]:
    return {
        "default": {
            "BACKEND": "mimic.core.cache.RedisOrAlone",
            "LOCATION": url,
            "OPTIONS": {
                "serializer": "mimic.core.cache.JsonSerializer",
                "socket_connect_timeout": 0.5,
                "socket_timeout": 1.0,
                "retry": Retry(NoBackoff(), 0),
            },
        }
    }


def channel_layers(url: str) -> dict[str, Any]:
    """``socket_timeout`` is off: a subscription waits for as long as nobody says anything."""
    host = {"address": url, "socket_timeout": None, "socket_connect_timeout": 0.5}
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": "mimic.layer"},
        }
    }
