# SPDX-License-Identifier: Apache-2.0
"""Watches that survive breaks of the connection and restarts of the daemon."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio

from devmapd import v1
from devmapd._calls import AsyncCalls, Calls
from devmapd._errors import DevmapdError, NoAnswer, from_rpc
from devmapd._retry import Retry


@dataclasses.dataclass(frozen=True)
class WatchItem:
    """An item of a watch."""

    event: v1.WatchResponse | None
    """The event; None where a snapshot begins."""
    devmap: str | None = None
    """The devmap of the event; None if it is about none."""

    @property
    def begins_snapshot(self) -> bool:
        """Whether a snapshot begins.

        The events up to ``synced`` are the whole content; state from earlier items is no longer valid.
        """
        return self.event is None


class _Position:
    """Where a watch stands, and what it does after a break. Blocking and asynchronous watches share it."""

    def __init__(self, devmap: str | list[str], revision: int | None, retry: Retry) -> None:
        self.revision = revision
        self._devmap = devmap
        self._retry = retry
        self._was_connected = False
        self._attempt = 0
        self._begins_snapshot = False

    def request(self) -> tuple[str, Callable[[bytes], Any], Any]:
        self._begins_snapshot = self.revision is None
        if isinstance(self._devmap, str):
            request: Any = v1.WatchRequest(devmap=self._devmap, revision=self.revision)
            return '/devmapd.v1.DevmapService/Watch', v1.WatchResponse.FromString, request
        request = v1.WatchDevmapsRequest(devmap=self._devmap, revision=self.revision)
        return '/devmapd.v1.DevmapService/WatchDevmaps', v1.WatchDevmapsResponse.FromString, request

    def take(self, response: Any) -> Iterator[WatchItem]:
        self._was_connected, self._attempt = True, 0
        if self._begins_snapshot:
            self._begins_snapshot = False
            yield WatchItem(None)
        many = isinstance(response, v1.WatchDevmapsResponse)
        event = response.event if many else response
        if event.HasField('revision'):
            self.revision = event.revision
        yield WatchItem(event, (response.devmap if response.HasField('devmap') else None) if many else str(self._devmap))

    def pause(self, error: DevmapdError) -> float:
        """The seconds before the watch connects again. Raises the error if it does not."""
        # Too old, or of another store.
        lost = error.code == 'revision_compacted' or (error.code == 'invalid_argument' and any(f.field == 'revision' for f in error.fields))
        if lost and self.revision is not None:
            self.revision = None
            return 0
        if not self._was_connected or error.code not in (None, 'shutting_down') or error.status == grpc.StatusCode.CANCELLED:
            raise error
        self._attempt += 1
        return self._retry.delay(self._attempt - 1)


class Watch(Iterator[WatchItem]):
    """A blocking watch. It ends when it is closed, or with an exception."""

    def __init__(self, calls: Calls, devmap: str | list[str], revision: int | None) -> None:
        self._calls = calls
        self._position = _Position(devmap, revision, calls.retry)
        self._closed = threading.Event()
        self._call: Any = None
        self._items = self._run()

    @property
    def revision(self) -> int | None:
        """The revision to resume from."""
        return self._position.revision

    def close(self) -> None:
        """Ends the watch; any thread may call this."""
        self._closed.set()
        if self._call is not None:
            self._call.cancel()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> WatchItem:
        return next(self._items)

    def _run(self) -> Iterator[WatchItem]:
        while not self._closed.is_set():
            self._call = self._calls.open(*self._position.request())
            try:
                for response in self._call:
                    yield from self._position.take(response)
                error: DevmapdError = NoAnswer('the stream ended', grpc.StatusCode.UNAVAILABLE)
            except grpc.RpcError as failure:
                error = from_rpc(failure)
            finally:
                self._call.cancel()
            if self._closed.is_set():
                return
            self._closed.wait(self._position.pause(error))


class AsyncWatch(AsyncIterator[WatchItem]):
    """A watch for asyncio. It ends when it is closed, when its task is cancelled, or with an exception."""

    def __init__(self, calls: AsyncCalls, devmap: str | list[str], revision: int | None) -> None:
        self._calls = calls
        self._position = _Position(devmap, revision, calls.retry)
        self._items = self._run()

    @property
    def revision(self) -> int | None:
        """The revision to resume from."""
        return self._position.revision

    async def close(self) -> None:
        """Ends the watch."""
        await self._items.aclose()

    async def __aenter__(self) -> AsyncWatch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncWatch:
        return self

    async def __anext__(self) -> WatchItem:
        return await self._items.__anext__()

    async def _run(self) -> Any:
        while True:
            call = self._calls.open(*self._position.request())
            try:
                async for response in call:
                    for item in self._position.take(response):
                        yield item
                error: DevmapdError = NoAnswer('the stream ended', grpc.StatusCode.UNAVAILABLE)
            except grpc.aio.AioRpcError as failure:
                error = from_rpc(failure)
            finally:
                call.cancel()
            await asyncio.sleep(self._position.pause(error))
