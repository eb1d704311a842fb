"""Records in Redis: for many machines that answer, and many that sign.

    PREFIX:answers:BUCKET  a hash of records by key; a bucket is 18 bits of the serial number
    PREFIX:values          a hash of the named values
    PREFIX:count           how many records there are

Twenty million certificates come to 76 in a bucket. Redis keeps hashes of that size as one string
each, where its settings let it (docs/reference/status.md), and spends far less on a record than on
a key of its own. Writes are scripts, so that versions are compared where the records are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final, TypeVar, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ocsp.stored.certid import TAG_OCTETS
from ocsp.stored.store import StoreUnavailable

# After a failure nobody asks for so long: a server that does not answer costs its timeout once.
PAUSE_SECONDS: Final = 1.0
# The first octet of a serial number is not all random: it has to be positive and not zero.
_BUCKET: Final = slice(TAG_OCTETS + 1, TAG_OCTETS + 4)
_SURPLUS_BITS: Final = 6
_SCAN_COUNT: Final = 1_000
_BUCKETS_AT_ONCE: Final = 50

# KEYS: the count, then a bucket for each record. ARGV: key and record, in the same order.
# Octets are compared as numbers: Lua compares strings as the server's locale has it.
_WRITE: Final = """
local function version(record)
  local number = 0
  for _, octet in ipairs({string.byte(record, 1, 6)}) do number = number * 256 + octet end
  return number
end
local written, added = 0, 0
for i = 2, #KEYS do
  local key, record = ARGV[2 * i - 3], ARGV[2 * i - 2]
  local kept = redis.call('HGET', KEYS[i], key)
  if not kept or version(kept) <= version(record) then
    added = added + redis.call('HSET', KEYS[i], key, record)
    written = written + 1
  end
end
if added > 0 then redis.call('INCRBY', KEYS[1], added) end
return written
"""
# KEYS as above; ARGV: the keys.
_DELETE: Final = """
local removed = 0
for i = 2, #KEYS do removed = removed + redis.call('HDEL', KEYS[i], ARGV[i - 1]) end
if removed > 0 then redis.call('DECRBY', KEYS[1], removed) end
return removed
"""
_Found = TypeVar("_Found")


class RedisAnswerStore:
    """An :class:`~ocsp.stored.store.AnswerStore` in one Redis database, under a prefix.

    Connects when it is first used, and again by itself. ``timeout`` is for connecting, and for
    each answer of the server.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        timeout: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=timeout.total_seconds(),
            socket_timeout=timeout.total_seconds(),
            # A connection that the server closed is replaced at once; nothing is waited for.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        self._write = self._redis.register_script(_WRITE)
        self._delete = self._redis.register_script(_DELETE)
        self._buckets = f"{prefix}:answers:".encode()
        self._named = f"{prefix}:values"
        self._count = f"{prefix}:count"
        self._monotonic = monotonic
        self._away_until = 0.0
        self._closed = False

    def get(self, key: bytes) -> bytes | None:
        """Return the record of a certificate."""
        bucket = self._bucket(key)
        return cast("bytes | None", self._ask(lambda server: server.hget(bucket, key)))

    def write(self, records: Sequence[tuple[bytes, bytes]]) -> int:
        """Store records that are not older than those kept; return how many."""
        if not records:
            return 0
        keys: list[bytes | str] = [self._count, *(self._bucket(key) for key, _ in records)]
        octets: list[bytes | str] = [one for pair in records for one in pair]
        return cast(int, self._ask(lambda _: self._write(keys, octets)))

    def scan(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield keys after ``after`` that begin with ``prefix``, with their records, unordered."""
        buckets = self._every_bucket()
        while some := list(islice(buckets, _BUCKETS_AT_ONCE)):
            for found in self._contents(some):
                for key, record in found.items():
                    if key.startswith(prefix) and key > after:
                        yield key, record

    def delete(self, keys: Sequence[bytes]) -> None:
        """Remove records."""
        if keys:
            named: list[bytes | str] = [self._count, *map(self._bucket, keys)]
            self._ask(lambda _: self._delete(named, [*keys]))

    def count(self) -> int:
        """Return how many records there are."""
        return int(cast("bytes | None", self._ask(lambda server: server.get(self._count))) or 0)

    def value(self, name: str) -> bytes | None:
        """Return a named value."""
        return cast("bytes | None", self._ask(lambda server: server.hget(self._named, name)))

    def set_value(self, name: str, value: bytes) -> None:
        """Keep a named value."""
        self._ask(lambda server: server.hset(self._named, name, cast(str, value)))

    def delete_value(self, name: str) -> None:
        """Forget a named value."""
        self._ask(lambda server: server.hdel(self._named, name))

    def values(self, prefix: str) -> dict[str, bytes]:
        """Return the named values whose names begin with ``prefix``."""
        found = cast("dict[bytes, bytes]", self._ask(lambda server: server.hgetall(self._named)))
        named = {name.decode(): value for name, value in found.items()}
        return {name: value for name, value in named.items() if name.startswith(prefix)}

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._redis.close()

    def _bucket(self, key: bytes) -> bytes:
        number = int.from_bytes(key[_BUCKET].ljust(3, b"\x00"), "big") >> _SURPLUS_BITS
        return self._buckets + b"%05x" % number

    def _every_bucket(self) -> Iterator[bytes]:
        # SCAN may name a bucket twice.
        named: set[bytes] = set()
        cursor = 0
        pattern = _literally(self._buckets) + b"*"
        while True:
            cursor, some = self._page(cursor, pattern)
            fresh = set(some) - named
            named |= fresh
            yield from sorted(fresh)
            if cursor == 0:
                return

    def _page(self, cursor: int, pattern: bytes) -> tuple[int, list[bytes]]:
        page = self._ask(lambda server: server.scan(cursor, match=pattern, count=_SCAN_COUNT))
        return cast("tuple[int, list[bytes]]", page)

    def _contents(self, buckets: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        def read(server: redis.Redis) -> object:
            with server.pipeline(transaction=False) as pipeline:
                for bucket in buckets:
                    pipeline.hgetall(cast(str, bucket))
                return pipeline.execute()

        return cast("list[dict[bytes, bytes]]", self._ask(read))

    def _ask(self, act: Callable[[redis.Redis], _Found]) -> _Found:
        if self._closed:
            raise StoreUnavailable("This store of signed answers was closed.")
        if self._away_until:
            self._wait_or_try()
        try:
            found = act(self._redis)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            self._away_until = self._monotonic() + PAUSE_SECONDS
            raise StoreUnavailable(f"Redis cannot be reached: {error}") from error
        except redis.RedisError as error:
            raise StoreUnavailable(
                f"Redis refuses: {error}", kept="What was stored before is as it was."
            ) from error
        self._away_until = 0.0
        return found

    def _wait_or_try(self) -> None:
        """Let one call in a while try whether the server is back; refuse the others at once."""
        now = self._monotonic()
        if now < self._away_until:
            raise StoreUnavailable("Redis could not be reached a moment ago.")
        self._away_until = now + PAUSE_SECONDS


def _literally(name: bytes) -> bytes:
    """Return a pattern that fits a name alone."""
    return b"".join(b"\\" + bytes([one]) if one in b"*?[]\\^-" else bytes([one]) for one in name)
