# SPDX-License-Identifier: Apache-2.0
"""Calls with a deadline, the token, repeats and exceptions. The generated services stand on these."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, TypeVar

import grpc
import grpc.aio

from devmapd._errors import from_rpc
from devmapd._retry import Retry, delay_of, may_repeat, wait_of

_Response = TypeVar('_Response')
_Request = TypeVar('_Request')


def copy(message: _Request) -> _Request:
    """A copy of a message."""
    other = type(message)()
    other.CopyFrom(message)  # type: ignore[attr-defined]
    return other


def serialize(message: Any) -> bytes:
    return message.SerializeToString()


class _Settings:
    def __init__(self, channel: Any, token: str | None, deadline: float | None, retry: Retry) -> None:
        self.channel = channel
        self.metadata = (('authorization', f'Bearer {token}'),) if token else ()
        self.retry = retry
        self._deadline = deadline

    def end(self, request: Any, deadline: float | None) -> float:
        """When a call ends, by the clock of time.monotonic."""
        seconds = deadline if deadline is not None else self._deadline
        return float('inf') if seconds is None else time.monotonic() + seconds + (wait_of(request) if deadline is None else 0)

    def pause(self, failure: Any, path: str, request: Any, attempt: int, end: float) -> float:
        """The seconds until the call is repeated. Raises the exception of the failure if it is not."""
        error = from_rpc(failure)
        delay = delay_of(self.retry, error, attempt, may_repeat(path, request))
        if delay is None or time.monotonic() + delay > end:
            raise error from failure
        return delay


def _remaining(end: float) -> float | None:
    return None if end == float('inf') else max(end - time.monotonic(), 0)


class Calls(_Settings):
    """Blocking calls."""

    def unary(self, path: str, parse: Callable[[bytes], _Response], request: Any, deadline: float | None) -> _Response:
        call = self.channel.unary_unary(path, serialize, parse)
        end = self.end(request, deadline)
        attempt = 0
        while True:
            try:
                return call(request, timeout=_remaining(end), metadata=self.metadata)
            except grpc.RpcError as failure:
                pause = self.pause(failure, path, request, attempt, end)
            time.sleep(pause)
            attempt += 1

    def open(self, path: str, parse: Callable[[bytes], Any], request: Any) -> Any:
        return self.channel.unary_stream(path, serialize, parse)(request, metadata=self.metadata)

    def stream(self, path: str, parse: Callable[[bytes], _Response], request: Any) -> Iterator[_Response]:
        return self._read(self.open(path, parse, request))

    def duplex(self, path: str, parse: Callable[[bytes], _Response], requests: Iterable[Any]) -> Iterator[_Response]:
        return self._read(self.channel.stream_stream(path, serialize, parse)(iter(requests), metadata=self.metadata))

    @staticmethod
    def _read(call: Any) -> Iterator[Any]:
        try:
            yield from call
        except grpc.RpcError as failure:
            raise from_rpc(failure) from failure
        finally:
            call.cancel()


class AsyncCalls(_Settings):
    """Calls for asyncio."""

    async def unary(self, path: str, parse: Callable[[bytes], _Response], request: Any, deadline: float | None) -> _Response:
        call = self.channel.unary_unary(path, serialize, parse)
        end = self.end(request, deadline)
        attempt = 0
        while True:
            try:
                return await call(request, timeout=_remaining(end), metadata=self.metadata)
            except grpc.aio.AioRpcError as failure:
                pause = self.pause(failure, path, request, attempt, end)
            await asyncio.sleep(pause)
            attempt += 1

    def open(self, path: str, parse: Callable[[bytes], Any], request: Any) -> Any:
        return self.channel.unary_stream(path, serialize, parse)(request, metadata=self.metadata)

    def stream(self, path: str, parse: Callable[[bytes], _Response], request: Any) -> AsyncIterator[_Response]:
        return self._read(self.open(path, parse, request))

    def duplex(self, path: str, parse: Callable[[bytes], _Response], requests: AsyncIterable[Any]) -> AsyncIterator[_Response]:
        return self._read(self.channel.stream_stream(path, serialize, parse)(requests, metadata=self.metadata))

    @staticmethod
    async def _read(call: Any) -> AsyncIterator[Any]:
        try:
            async for response in call:
                yield response
        except grpc.aio.AioRpcError as failure:
            raise from_rpc(failure) from failure
        finally:
            call.cancel()
