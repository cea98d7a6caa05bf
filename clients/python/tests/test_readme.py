# SPDX-License-Identifier: Apache-2.0
"""The first program of the README runs as it stands, but for the address."""

import pathlib
import re
import subprocess
import sys


def test_first_program_runs(address, client):
    readme = (pathlib.Path(__file__).parent.parent / 'README.md').read_text()
    program = re.search(r'<!-- first program -->\n```python\n(.*?)```', readme, re.S)[1].replace('devmapd.connect()', f'devmapd.connect({address!r})')

    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert 'ENTRY_STATE_' in done.stdout
    assert 'entry_not_found devmaps/default/entries/sim9' in done.stdout
    assert 'everything from here' in done.stdout
