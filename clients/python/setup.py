# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel. Messages, services and errors are generated from the contract of this repository."""

import pathlib
import re
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSION = re.search(r'<VersionPrefix>(.*)</VersionPrefix>', (ROOT / 'Directory.Build.props').read_text())[1]


class Generate(build_py):
    """Copies the modules and generates the others beside them."""

    def run(self):
        super().run()
        sys.path.insert(0, str(HERE))
        import generate

        target = pathlib.Path(self.build_lib)
        includes = [ROOT / 'protos', HERE.parent / 'protos']
        files = [str(file.relative_to(folder)) for folder in includes for file in sorted(folder.rglob('*.proto'))]
        subprocess.run(
            ['protoc', *(f'-I{folder}' for folder in includes), f'--plugin=protoc-gen-services={HERE / "generate.py"}',
             f'--python_out={target}', f'--pyi_out={target}', f'--services_out={target}', *files], check=True)
        (target / 'devmapd/errors.py').write_text(generate.errors((ROOT / 'docs/errors.md').read_text()))


setup(version=VERSION, cmdclass={'build_py': Generate})
