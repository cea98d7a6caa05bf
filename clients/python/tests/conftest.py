# SPDX-License-Identifier: Apache-2.0
"""The daemons of the run (clients/testbed.py), and clients of them."""

import itertools
import os
import urllib.request

import pytest

import devmapd

_keys = itertools.count(1000)


@pytest.fixture
def address():
    return 'unix:' + os.environ['DEVMAPD_SOCKET']


@pytest.fixture
def relay():
    return 'unix:' + os.environ['DEVMAPD_RELAY']


@pytest.fixture
def client(address):
    with devmapd.connect(address) as client:
        yield client


@pytest.fixture
def key():
    """A key that no other test uses."""
    return str(next(_keys))


@pytest.fixture
def control():
    """Cuts connections and restarts the daemon behind the relay."""

    def post(action):
        request = urllib.request.Request(f'{os.environ["DEVMAPD_CONTROL"]}/{action}', method='POST')
        urllib.request.urlopen(request, timeout=90).close()

    return post
