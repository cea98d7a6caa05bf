# SPDX-License-Identifier: Apache-2.0
"""Daemons for the tests of the clients, which are shared by all tests of a run.

A test finds them by the environment:

  DEVMAPD_SOCKET   unix socket of a daemon on the simulated kernel
  DEVMAPD_TLS      the same daemon's gRPC over TLS, https://127.0.0.1:PORT, signed by the authority in DEVMAPD_CA
  DEVMAPD_HTTP     the same daemon's REST over TCP, http://127.0.0.1:PORT
  DEVMAPD_TOKEN    a token of the role admin for these
  DEVMAPD_RELAY    unix socket of a daemon on the real kernel, behind a relay
  DEVMAPD_DURABLE  that daemon's own unix socket
  DEVMAPD_TCP      that daemon's gRPC over TCP, http://127.0.0.1:PORT
  DEVMAPD_TCP_TOKEN  a token of the role admin for it
  DEVMAPD_CONTROL  where a test cuts and restarts: POST /cut ends all connections of the relay, POST /restart ends the daemon behind
                   the relay and starts it again, POST /reset does so with the
                   store of the beginning, which has the token and no entry
"""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEVMAPD = ROOT / 'src/ControlPlane.Daemon/bin' / os.environ.get('CONFIGURATION', 'Release') / 'net10.0/devmapd'
READY_SECONDS = 60
# Those of the daemon on the real kernel: one of each selector.
DEVMAPS = [f'--ControlPlane:Devmaps:{number}:{key}={value}' for number, (name, selector) in
           enumerate({'default': 'ingressInterface', 'trunk': 'vlan', 'routes': 'ipv4Destination'}.items())
           for key, value in {'Name': name, 'KeySelector': selector}.items()]
# So that tests get beyond it.
SHORT_HISTORY = ['--ControlPlane:Watch:LogCapacity=4', '--ControlPlane:History:MaxBytes=65536']


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__('localhost', timeout=READY_SECONDS)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Daemon:
    """A daemon as a process, in a folder of its own."""

    def __init__(self, folder, *arguments):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / 'devmapd.sock'
        self.addresses = {}
        self._settings = [f'--ControlPlane:StateDirectory={self.folder}/state', f'--ControlPlane:Listen:UnixSocket={self.socket}', *arguments]
        self._process = None
        self._ready = threading.Event()
        self._log = []

    def start(self):
        self._ready.clear()
        command = [DEVMAPD, 'run', *self._settings]
        environment = {name: value for name, value in os.environ.items() if name != 'JOURNAL_STREAM'}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        return self

    def wait_ready(self):
        if not self._ready.wait(READY_SECONDS) or self._process.poll() is not None:
            raise RuntimeError('the daemon is not ready\n' + ''.join(self._log))
        return self

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def create_token(self, name):
        connection = UnixConnection(self.socket)
        body = json.dumps({'name': name, 'role': 'admin'})
        connection.request('POST', '/v1/tokens', body, {'content-type': 'application/json'})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 201:
            raise RuntimeError(text)
        return json.loads(text)['secret']

    def back_up(self):
        """Copies the store."""
        subprocess.run([DEVMAPD, 'backup', self.folder / 'backup.db', *self._settings], check=True, capture_output=True)

    def put_back(self):
        """Replaces the store by the copy. The daemon must not run."""
        for file in (self.folder / 'state').glob('devmapd.db*'):
            file.unlink()
        shutil.copy(self.folder / 'backup.db', self.folder / 'state/devmapd.db')

    def _read(self, process):
        for line in process.stdout:
            self._log.append(line)
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if 'What' in entry and 'Address' in entry:
                    self.addresses[entry['What']] = entry['Address']
                elif 'Devmaps' in entry and 'ElapsedMs' in entry:
                    self._ready.set()
        self._ready.set()  # It has ended, and nobody has to wait any longer.


class Relay:
    """Relays connections of one unix socket to another, and can cut them all."""

    def __init__(self, path, target):
        self._target = str(target)
        self._open = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self.cut()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._target)
                except OSError:
                    client.close()
                    continue
                self._open |= {client, server}
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """Makes a certificate for 127.0.0.1 that signs itself."""
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=devmapd-test',
         '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=critical,CA:TRUE',
         '-keyout', f'{folder}/tls.key', '-out', f'{folder}/tls.pem'], check=True, capture_output=True)


@contextlib.contextmanager
def start(simulated_only=False):
    """Starts the daemons, gives the environment of the tests, and removes all that was made."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='devmapd-clients-'))
        make_certificate(folder)
        simulated = Daemon(
            f'{folder}/simulated', '--simulate', '--ControlPlane:Listen:Rest=http://127.0.0.1:0', '--ControlPlane:Listen:Grpc=https://127.0.0.1:0',
            f'--ControlPlane:Tls:Certificate={folder}/tls.pem', f'--ControlPlane:Tls:Key={folder}/tls.key', *SHORT_HISTORY)
        stack.callback(simulated.stop)
        simulated.start()
        pins = f'/sys/fs/bpf/{pathlib.Path(folder).name}'
        durable = Daemon(
            f'{folder}/durable', f'--ControlPlane:PinRoot={pins}', f'--ControlPlane:Listen:Grpc=http://127.0.0.1:{free_port()}',
            *SHORT_HISTORY, *DEVMAPS)
        environment = {}
        if not simulated_only:
            stack.callback(shutil.rmtree, pins, ignore_errors=True)
            stack.callback(durable.stop)
            durable.start().wait_ready()
            token = durable.create_token('clients')
            durable.back_up()
            relay = Relay(f'{folder}/relay.sock', durable.socket)
            stack.callback(relay.close)
            control = _start_control(relay, durable)
            stack.callback(control.shutdown)
            environment |= {
                'DEVMAPD_RELAY': f'{folder}/relay.sock',
                'DEVMAPD_DURABLE': str(durable.socket),
                'DEVMAPD_TCP': durable.addresses['gRPC'],
                'DEVMAPD_TCP_TOKEN': token,
                'DEVMAPD_CONTROL': f'http://127.0.0.1:{control.server_address[1]}',
            }
        simulated.wait_ready()
        yield environment | {
            'DEVMAPD_SOCKET': str(simulated.socket),
            'DEVMAPD_TLS': simulated.addresses['gRPC'],
            'DEVMAPD_HTTP': simulated.addresses['REST'],
            'DEVMAPD_CA': f'{folder}/tls.pem',
            'DEVMAPD_TOKEN': simulated.create_token('clients'),
        }


def _start_control(relay, durable):
    class Control(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            if self.path == '/cut':
                relay.cut()
            else:
                durable.stop()
                if self.path == '/reset':
                    durable.put_back()
                durable.start().wait_ready()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Control)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
