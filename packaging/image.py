#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI image as a tar of the OCI image layout, without a container engine.

Usage: image.py VERSION STAGE OUTPUT
  VERSION   the tag of the image
  STAGE     the folder that `make install` has installed into
  OUTPUT    the folder for the image

The image has two layers: the shared libraries that the daemon needs, from the Debian packages of this machine, and the daemon. It has no
shell. The same input gives the same image.
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

# The dependencies of the Debian package, and theirs.
PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'libbpf1', 'libelf1', 'zlib1g', 'libssl3']
# Of the installed files, those that no container uses.
OMITTED = ('usr/share/man', 'usr/share/bash-completion', 'usr/share/zsh', 'usr/share/fish', 'usr/share/doc', 'usr/lib/systemd', 'usr/lib/sysusers.d', 'usr/lib/tmpfiles.d')
MERGED = ('bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32')
LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
CONFIG = 'application/vnd.oci.image.config.v1+json'


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def merged(path):
    """Returns a path with /usr merged: lib/x is usr/lib/x."""
    return 'usr/' + path if path.split('/')[0] in MERGED else path


def library_files():
    """Yields the shared libraries of the packages: path in the image, path here."""
    for package in PACKAGES:
        for path in run('dpkg-query', '--listfiles', package).splitlines():
            if '.so' in os.path.basename(path) and not path.startswith('/usr/share') and not os.path.isdir(path):
                yield merged(path.lstrip('/')), path
    yield 'etc/os-release', '/usr/lib/os-release'


def staged_files(stage):
    for folder, _, names in sorted(os.walk(stage)):
        for name in sorted(names):
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, stage)
            if not inside.startswith(OMITTED):
                yield inside, path


class Layer:
    """A tar in which every member is root's and of the time that SOURCE_DATE_EPOCH says."""

    def __init__(self):
        self.time = int(os.environ.get('SOURCE_DATE_EPOCH', '0'))
        self.data, self.made = io.BytesIO(), set()
        self.tar = tarfile.open(fileobj=self.data, mode='w', format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, mode=0o644, content=b'', target=''):
        if name in self.made:
            return
        parent = os.path.dirname(name)
        if parent:
            self.add(parent, tarfile.DIRTYPE, 0o755)
        self.made.add(name)
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.mtime, member.size, member.linkname = kind, mode, self.time, len(content), target
        self.tar.addfile(member, io.BytesIO(content) if content else None)

    def add_file(self, name, path):
        if os.path.islink(path):
            self.add(name, tarfile.SYMTYPE, 0o777, target=os.readlink(path))
        else:
            with open(path, 'rb') as file:
                self.add(name, mode=0o755 if os.access(path, os.X_OK) else 0o644, content=file.read())

    def close(self):
        self.tar.close()
        return self.data.getvalue()


def base_layer():
    layer = Layer()
    for link in ('bin', 'sbin', 'lib', 'lib64'):
        layer.add(link, tarfile.SYMTYPE, 0o777, target=f'usr/{link}')
    for name, path in sorted(library_files()):
        layer.add_file(name, path)
    layer.add('etc/passwd', content=b'root:x:0:0:root:/:/sbin/nologin\n')
    layer.add('etc/group', content=b'root:x:0:\n')
    for folder, mode in (('tmp', 0o1777), ('proc', 0o555), ('sys/fs/bpf', 0o755), ('run/devmapd', 0o755), ('var/lib/devmapd', 0o700)):
        layer.add(folder, tarfile.DIRTYPE, mode)
    return layer.close()


def daemon_layer(stage):
    layer = Layer()
    for name, path in staged_files(stage):
        layer.add_file(name, path)
    return layer.close()


class Image:
    """The blobs of an image by their digests."""

    def __init__(self):
        self.blobs = {}

    def add(self, content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        self.blobs[digest] = content
        return {'mediaType': media_type, 'digest': f'sha256:{digest}', 'size': len(content)}

    def add_json(self, value, media_type):
        return self.add(json.dumps(value, sort_keys=True, separators=(',', ':')).encode(), media_type)

    def write(self, path, manifest, tag):
        index = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': [
            {**manifest, 'annotations': {'org.opencontainers.image.ref.name': tag, 'io.containerd.image.name': f'localhost/devmapd:{tag}'}}]}
        layer = Layer()
        layer.add('oci-layout', content=b'{"imageLayoutVersion":"1.0.0"}')
        layer.add('index.json', content=json.dumps(index, sort_keys=True).encode())
        for digest, content in sorted(self.blobs.items()):
            layer.add(f'blobs/sha256/{digest}', content=content)
        with open(path, 'wb') as file:
            file.write(layer.close())


def main(version, stage, output):
    architecture = run('dpkg', '--print-architecture').strip()
    layers = [base_layer(), daemon_layer(stage)]
    image = Image()
    config = image.add_json({
        'architecture': architecture,
        'os': 'linux',
        'config': {
            'Entrypoint': ['/usr/lib/devmapd/devmapd'],
            'Cmd': ['run'],
            'Env': ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DOTNET_EnableDiagnostics=0'],
            'User': '0',
            'StopSignal': 'SIGTERM',
            'Labels': {'org.opencontainers.image.title': 'devmapd', 'org.opencontainers.image.version': version, 'org.opencontainers.image.licenses': 'Apache-2.0'},
        },
        'rootfs': {'type': 'layers', 'diff_ids': [f'sha256:{hashlib.sha256(layer).hexdigest()}' for layer in layers]},
    }, CONFIG)
    manifest = image.add_json({
        'schemaVersion': 2,
        'mediaType': MANIFEST,
        'config': config,
        'layers': [image.add(gzip.compress(layer, 6, mtime=0), LAYER) for layer in layers],
    }, MANIFEST)
    os.makedirs(output, exist_ok=True)
    path = os.path.join(output, f'devmapd-{version}-{architecture}.oci.tar')
    image.write(path, manifest, version)
    print(path)


main(*sys.argv[1:])
