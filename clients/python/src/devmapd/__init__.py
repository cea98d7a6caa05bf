# SPDX-License-Identifier: Apache-2.0
"""Client of devmapd.

>>> with devmapd.connect() as client:
...     client.devmap.put_entry(v1.PutEntryRequest(devmap="default", key="veth-a", spec=v1.EntrySpec(interface="veth-b")))
"""

from devmapd import errors, v1
from devmapd._client import DEFAULT_ADDRESS, AsyncClient, Client, connect, connect_async
from devmapd._errors import DevmapdError, InvalidField, NoAnswer
from devmapd._retry import Retry
from devmapd._watch import AsyncWatch, Watch, WatchItem

__all__ = [
    'DEFAULT_ADDRESS', 'AsyncClient', 'AsyncWatch', 'Client', 'DevmapdError', 'InvalidField', 'NoAnswer', 'Retry', 'Watch', 'WatchItem',
    'connect', 'connect_async', 'errors', 'v1',
]
