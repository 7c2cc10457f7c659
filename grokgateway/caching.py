"""The cache that all processes share, and what takes its place while Redis is away."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import redis
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted

logger = logging.getLogger(__name__)
R = TypeVar("R")
STORED = "stored"  # the alias of the cache in the database
AWAY_S = 2.0  # before Redis is asked again
Timeout = float | object | None  # Django's own: a number, None or its default
AWAY = (ConnectionInterrupted, redis.ConnectionError, redis.TimeoutError, OSError)


class SharedCache(BaseCache):
    """In Redis; while that is away, in the table that every process can read too.

    What was only in Redis is forgotten meanwhile, so a lock there is a lock no more:
    nothing but counts of failures, places and tickets may be kept in it.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(location, params)
        self._away_until = float("-inf")

    def add(
        self,
        key: str,
        value: object,
        timeout: Timeout = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        return bool(self._do(lambda one: one.add(key, value, timeout, version)))

    def get(
        self, key: str, default: object = None, version: int | None = None
    ) -> object:
        return self._do(lambda one: one.get(key, default, version))

    def set(
        self,
        key: str,
        value: object,
        timeout: Timeout = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        self._do(lambda one: one.set(key, value, timeout, version=version))

    def touch(
        self, key: str, timeout: Timeout = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return bool(self._do(lambda one: one.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._do(lambda one: one.delete(key, version=version)))

    def get_many(
        self, keys: Iterable[str], version: int | None = None
    ) -> dict[str, object]:
        names = list(keys)
        return self._do(lambda one: one.get_many(names, version=version))

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        names = list(keys)
        self._do(lambda one: one.delete_many(names, version=version))

    def clear(self) -> None:
        self._do(lambda one: one.clear())

    def close(self, **kwargs: object) -> None:
        self._redis.close(**kwargs)

    def _do(self, step: Callable[[Any], R]) -> R:  # Any: either cache
        if time.monotonic() >= self._away_until:
            try:
                return step(self._redis)
            except AWAY as error:
                self._away_until = time.monotonic() + AWAY_S
                logger.warning(
                    "Redis is away; the database keeps what is shared: %s",
                    type(error).__name__,
                )
        return step(caches[STORED])
