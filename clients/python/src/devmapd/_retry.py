# SPDX-License-Identifier: Apache-2.0
"""Which calls are repeated, and when."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import grpc

from devmapd._errors import DevmapdError

_READS = ('Get', 'List', 'Explain', 'Wait')
_SAME_TWICE = ('Put', 'KeepAlive')
_SHUTTING_DOWN = 'shutting_down'
_DEFAULT_WAIT_SECONDS = 30


@dataclasses.dataclass(frozen=True)
class Retry:
    """How often and how fast calls are repeated."""

    attempts: int = 5
    """How often a call is made at most; 1 for no repeats."""
    first_delay: float = 0.1
    """Seconds before the first repeat, and before a watch connects again. The delay doubles each time."""
    longest_delay: float = 5.0
    """The longest delay in seconds. A delay that the daemon asks for may be longer."""

    def delay(self, attempt: int) -> float:
        """The seconds before a repeat, a little random so that clients do not come back together."""
        return min(self.first_delay * 2**attempt, self.longest_delay) * random.uniform(0.8, 1.2)


def delay_of(retry: Retry, error: DevmapdError, attempt: int, may_repeat: bool) -> float | None:
    """The seconds until a call that failed is made again; None if it is not.

    With a delay, and while it shuts down, the daemon says that nothing has happened. Without an answer nobody knows, so only calls
    that do the same when they are made twice are repeated.
    """
    if attempt + 1 >= retry.attempts:
        return None
    if error.retry_after is not None:
        return max(error.retry_after, retry.delay(attempt))
    if error.code == _SHUTTING_DOWN or (error.code is None and error.status == grpc.StatusCode.UNAVAILABLE and may_repeat):
        return retry.delay(attempt)
    return None


def may_repeat(path: str, request: Any) -> bool:
    """Whether a call does the same if it is made twice: a read, a put of any revision, or a call with an idempotency key."""
    name, fields = path.rsplit('/', 1)[1], request.DESCRIPTOR.fields_by_name
    if name.startswith(_SAME_TWICE):
        return 'expected_revision' not in fields or not request.HasField('expected_revision')
    return name.startswith(_READS) or bool('idempotency_key' in fields and request.idempotency_key)


def wait_of(request: Any) -> float:
    """How many seconds the daemon may wait before it answers the request."""
    fields = request.DESCRIPTOR.fields_by_name
    if 'timeout' not in fields or ('wait' in fields and not request.wait):
        return 0
    return (request.timeout.ToTimedelta().total_seconds() if request.HasField('timeout') else _DEFAULT_WAIT_SECONDS) + 1
