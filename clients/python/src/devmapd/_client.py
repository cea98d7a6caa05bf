# SPDX-License-Identifier: Apache-2.0
"""Clients: a channel, the services, and watches."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from devmapd import errors as _errors  # noqa: F401  The exceptions are registered when they are imported.
from devmapd._calls import AsyncCalls, Calls
from devmapd._retry import Retry
from devmapd._watch import AsyncWatch, Watch
from devmapd.services import AsyncServices, Services

DEFAULT_ADDRESS = 'unix:/run/devmapd/devmapd.sock'

# A host that vanishes without a word is noticed by pings: after 30 seconds without data, and 10 without an answer. Channels share no
# connection, so that what one client does has no effect on another. The minimum of the backoff is how long one attempt may take.
_OPTIONS = [
    ('grpc.keepalive_time_ms', 30_000), ('grpc.keepalive_timeout_ms', 10_000), ('grpc.use_local_subchannel_pool', 1),
    ('grpc.initial_reconnect_backoff_ms', 100), ('grpc.min_reconnect_backoff_ms', 10_000), ('grpc.max_reconnect_backoff_ms', 5_000),
]


def _read(file: str | bytes | None) -> bytes | None:
    return pathlib.Path(file).read_bytes() if isinstance(file, str) else file


def _channel(module: Any, address: str, authority: str | bytes | None, certificate: str | bytes | None, key: str | bytes | None) -> Any:
    if address.startswith('https://'):
        credentials = grpc.ssl_channel_credentials(_read(authority), _read(key), _read(certificate))
        return module.secure_channel(address.removeprefix('https://').rstrip('/'), credentials, _OPTIONS)
    if address.startswith('http://'):
        return module.insecure_channel(address.removeprefix('http://').rstrip('/'), _OPTIONS)
    if address.startswith('unix:'):
        return module.insecure_channel('unix:' + address.removeprefix('unix:').removeprefix('//'), _OPTIONS)
    raise ValueError(f"'{address}' is not unix:PATH, http://HOST:PORT or https://HOST:PORT")


class Client(Services):
    """A connection for blocking calls. Threads may share it."""

    def __init__(self, channel: grpc.Channel, token: str | None = None, deadline: float | None = 30, retry: Retry = Retry()) -> None:
        self._channel = channel
        self._calls = Calls(channel, token, deadline, retry)
        super().__init__(self._calls)

    def watch(self, devmap: str, revision: int | None = None) -> Watch:
        """Reports every change of a devmap, in the order of revisions, over breaks and restarts.

        It begins after ``revision``, or with a snapshot. If the daemon no longer has the changes since, it begins again with a snapshot.
        """
        return Watch(self._calls, devmap, revision)

    def watch_devmaps(self, devmaps: Sequence[str] = (), revision: int | None = None) -> Watch:
        """Like watch, over several devmaps, or all, and egress programs."""
        return Watch(self._calls, list(devmaps), revision)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(AsyncServices):
    """A connection for asyncio."""

    def __init__(self, channel: grpc.aio.Channel, token: str | None = None, deadline: float | None = 30, retry: Retry = Retry()) -> None:
        self._channel = channel
        self._calls = AsyncCalls(channel, token, deadline, retry)
        super().__init__(self._calls)

    def watch(self, devmap: str, revision: int | None = None) -> AsyncWatch:
        """Reports every change of a devmap, in the order of revisions, over breaks and restarts.

        It begins after ``revision``, or with a snapshot. If the daemon no longer has the changes since, it begins again with a snapshot.
        """
        return AsyncWatch(self._calls, devmap, revision)

    def watch_devmaps(self, devmaps: Sequence[str] = (), revision: int | None = None) -> AsyncWatch:
        """Like watch, over several devmaps, or all, and egress programs."""
        return AsyncWatch(self._calls, list(devmaps), revision)

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def connect(
    address: str = DEFAULT_ADDRESS, *, token: str | None = None, authority: str | bytes | None = None, certificate: str | bytes | None = None,
    key: str | bytes | None = None, deadline: float | None = 30, retry: Retry = Retry(),
) -> Client:
    """Makes a client; it connects with its first call.

    :param address: ``unix:PATH``, ``http://HOST:PORT`` or ``https://HOST:PORT``
    :param token: the secret of a token, which every call carries; root needs none on the unix socket
    :param authority: a PEM file, or its content, that must have signed the daemon's certificate; None for those of the system
    :param certificate: a PEM file, or its content, by which the daemon knows this client; with ``key``
    :param deadline: seconds for each call but streams; a call that waits in the daemon has as much longer as it waits
    :param retry: how often and how fast calls are repeated
    """
    return Client(_channel(grpc, address, authority, certificate, key), token, deadline, retry)


def connect_async(
    address: str = DEFAULT_ADDRESS, *, token: str | None = None, authority: str | bytes | None = None, certificate: str | bytes | None = None,
    key: str | bytes | None = None, deadline: float | None = 30, retry: Retry = Retry(),
) -> AsyncClient:
    """Makes a client for asyncio, with the parameters of connect."""
    return AsyncClient(_channel(grpc.aio, address, authority, certificate, key), token, deadline, retry)
