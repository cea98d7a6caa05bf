#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Overloads a daemon and tells how others fare meanwhile: health by TCP and by the unix socket, and the writes of another caller.

Run as root in a network namespace of its own, which bench/run.sh overload does. Phases: watchers that connect, do not read and reset; idle
connections; ten times the writer's queue in writers of one caller; clients that list everything. The load is niced, so that the machine
has a processor for the daemon and the probes.
"""
import argparse, collections, http.client, json, multiprocessing, os, resource, selectors, shutil, signal, socket, struct, subprocess, sys, tempfile, time

QUEUE = 256
WRITES_AT_ONCE = 128  # per HTTP/2 connection


class Daemon:
    def __init__(self, program, arguments):
        self.folder = tempfile.mkdtemp(prefix="devmapd-overload-")
        self.pins = f"/sys/fs/bpf/devmapd-overload-{os.getpid()}"
        self.unix = f"{self.folder}/sock"
        self.log = open(f"{self.folder}/log", "wb")
        key = "--ControlPlane:"
        self.process = subprocess.Popen(
            [program, "run", f"{key}PinRoot={self.pins}", f"{key}StateDirectory={self.folder}/state", f"{key}Listen:UnixSocket={self.unix}",
             f"{key}Listen:Rest=http://127.0.0.1:5080", f"{key}Listen:Grpc=http://127.0.0.1:5081", f"{key}Writer:QueueCapacity={QUEUE}",
             f"{key}Devmaps:1:Name=ipv", f"{key}Devmaps:1:KeySelector=ipv4Destination", f"{key}Devmaps:1:MaxEntries=200000", *arguments],
            stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                if call(self.unix, "GET", "/readyz")[0] == 200:
                    break
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(open(f"{self.folder}/log").read()[-2000:])
            time.sleep(0.05)
        self.tokens = {name: self.token(name, role) for name, role in [("hog", "operator"), ("probe", "operator"), ("watcher", "viewer")]}

    def token(self, name, role):
        return json.loads(call(self.unix, "POST", "/v1/tokens", {"name": name, "role": role})[1])["secret"]

    def rss(self):
        return next(int(line.split()[1]) // 1024 for line in open(f"/proc/{self.process.pid}/status") if line.startswith("VmRSS"))

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def metric(self, prefix):
        text = call(self.unix, "GET", "/metrics")[1].decode()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(prefix)}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "killed"
        subprocess.run(["rm", "-rf", self.pins], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


def connect(address, timeout=10.0):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.connect(address)
    if s.family == socket.AF_INET:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


class Http(http.client.HTTPConnection):
    """HTTP/1.1 over a unix socket or TCP, with a token."""

    def __init__(self, address, timeout=10.0):
        super().__init__("localhost", timeout=timeout)
        self.address = address

    def connect(self):
        self.sock = connect(self.address, self.timeout)

    def ask(self, method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.getresponse()
        return answer.status, answer.read()


def call(address, method, path, body=None, token=None, timeout=10.0):
    http_connection = Http(address, timeout)
    try:
        return http_connection.ask(method, path, body, token)
    finally:
        http_connection.close()


REST, GRPC = ("127.0.0.1", 5080), ("127.0.0.1", 5081)


def probe_health(address, until, found):
    """Asks for /healthz by a new connection, again and again."""
    times, failures = [], collections.Counter()
    while not until.is_set():
        started = time.monotonic()
        try:
            status = call(address, "GET", "/healthz", timeout=5)[0]
            if status != 200:
                failures[status] += 1
        except OSError as e:
            failures[type(e).__name__] += 1
        except http.client.HTTPException as e:
            failures[type(e).__name__] += 1
        times.append((time.monotonic() - started, time.time()))
        time.sleep(0.02)
    found.put((times, dict(failures)))


def probe_writes(address, token, until, found):
    """Writes one entry again and again, by one connection."""
    times, codes = [], collections.Counter()
    connection = Http(address)
    i = 0
    while not until.is_set():
        i += 1
        started = time.monotonic()
        try:
            code = connection.ask("PUT", "/v1/devmaps/default/entries/va", {"interface": "vb", "labels": {"n": str(i % 7)}}, token)[0]
        except (OSError, http.client.HTTPException) as e:
            code = type(e).__name__
            connection.close()
            connection = Http(address)
        codes[code] += 1
        if code in (200, 201):
            times.append((time.monotonic() - started, time.time()))
        time.sleep(0.01)
    found.put((times, dict(codes)))


class Probes:
    """The probes, each a process of its own, so that nothing else delays them."""

    def __init__(self, daemon):
        self.until, self.found = multiprocessing.Event(), {}
        self.processes = []
        for name, target, arguments in [
                ("health by TCP", probe_health, (REST,)), ("health by unix socket", probe_health, (daemon.unix,)),
                ("writes by TCP", probe_writes, (REST, daemon.tokens["probe"])), ("writes of root", probe_writes, (daemon.unix, None))]:
            self.found[name] = multiprocessing.Queue()
            process = multiprocessing.Process(target=target, args=(*arguments, self.until, self.found[name]), daemon=True)
            process.start()
            self.processes.append(process)

    def end(self):
        self.until.set()
        found = {name: queue.get(timeout=30) for name, queue in self.found.items()}
        for process in self.processes:
            process.join()
        return found


def tell(phase, daemon, found, load_ended=None):
    print(f"== {phase}")
    for name, (times, counts) in found.items():
        values = sorted(1000 * t for t, _ in times) or [float("nan")]
        at = lambda q: values[min(len(values) - 1, int(len(values) * q))]
        slow = [when for t, when in times if t > 0.1]
        late = f", above 100 ms until {max(slow) - load_ended:+.1f} s after the load" if load_ended and slow else ""
        print(f"  {name:22} {len(values):5} p50 {at(.5):7.1f} p99 {at(.99):7.1f} max {values[-1]:8.1f} ms  {counts or ''}{late}")
    print(f"  rss {daemon.rss()} MiB, descriptors {daemon.descriptors()}, cpu {daemon.cpu():.1f} s", flush=True)


def with_probes(phase, daemon, load, after=3.0):
    probes = Probes(daemon)
    time.sleep(0.5)
    process = multiprocessing.Process(target=niced, args=load, daemon=True)
    process.start()
    peak = 0
    while process.is_alive():
        peak = max(peak, daemon.rss())
        process.join(0.2)
    ended = time.time()
    time.sleep(after)
    tell(phase, daemon, probes.end(), ended)
    print(f"  most rss {peak} MiB")


def niced(load, *arguments):
    os.nice(10)
    load(*arguments)


def watch_and_reset(n, token, rounds, seconds):
    """Watchers that never read and then reset."""
    request = f"GET /v1/devmaps/ipv/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    for _ in range(rounds):
        sockets, failed = [], 0
        for _ in range(n):
            try:
                s = connect(REST, 5)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.sendall(request)
                sockets.append(s)
            except OSError:
                failed += 1
        time.sleep(seconds)
        answers = collections.Counter()
        for s in sockets:
            s.setblocking(False)
            try:
                answers[s.recv(12)[9:].decode() or "closed"] += 1
            except OSError as e:
                answers[type(e).__name__] += 1
            s.close()
        print(f"  {n} watchers: {dict(answers)}, not connected {failed}", flush=True)


def stay_idle(n, seconds):
    sockets, failed = [], 0
    for _ in range(n):
        try:
            sockets.append(connect(REST, 3))
        except OSError:
            failed += 1
    time.sleep(seconds)
    ended = 0
    for s in sockets:
        s.setblocking(False)
        try:
            s.recv(1)
            ended += 1
        except BlockingIOError:
            pass
        except OSError:
            ended += 1
        s.close()
    print(f"  {n} idle connections: {ended} closed by the daemon, {failed} not connected", flush=True)


def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def literal(name, value):
    text = b"\0"
    for part in (name.encode(), value.encode()):
        text += bytes([len(part)]) if len(part) < 127 else bytes([127, len(part) - 127])
        text += part
    return text


def write_much(connections, token, seconds):
    """Keeps 128 PutEntry calls in flight on each of some HTTP/2 connections."""
    headers = b"".join(literal(n, v) for n, v in [
        (":method", "POST"), (":scheme", "http"), (":path", "/devmapd.v1.DevmapService/PutEntry"), (":authority", "localhost"),
        ("content-type", "application/grpc"), ("te", "trailers"), ("authorization", f"Bearer {token}")])
    field = lambda number, value: bytes([number << 3 | 2, len(value)]) + value
    message = field(1, b"default") + field(2, b"vb") + field(3, field(1, b"va"))
    data = b"\0" + struct.pack(">I", len(message)) + message
    selector, answered = selectors.DefaultSelector(), 0

    class Connection:
        def __init__(self):
            self.socket, self.next, self.buffer, self.free = connect(GRPC), 1, b"", WRITES_AT_ONCE
            self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(8, 0, 0, struct.pack(">I", 1 << 30)))
            selector.register(self.socket, selectors.EVENT_READ, self)
            self.send()

        def send(self):
            out = b""
            for _ in range(self.free):
                out += frame(1, 4, self.next, headers) + frame(0, 1, self.next, data)
                self.next += 2
            self.free = 0
            self.socket.sendall(out)

        def take(self):
            self.buffer += self.socket.recv(1 << 18)
            at, done = 0, 0
            while len(self.buffer) - at >= 9:
                length = int.from_bytes(self.buffer[at:at + 3], "big")
                if len(self.buffer) - at < 9 + length:
                    break
                kind, flags = self.buffer[at + 3], self.buffer[at + 4]
                if kind == 4 and not flags & 1:
                    self.socket.sendall(frame(4, 1, 0))
                elif kind in (0, 1) and flags & 1 or kind == 3:
                    done += 1
                elif kind == 6 and not flags & 1:
                    self.socket.sendall(frame(6, 1, 0, self.buffer[at + 9:at + 9 + length]))
                at += 9 + length
            self.buffer = self.buffer[at:]
            self.free += done
            return done

    pool = [Connection() for _ in range(connections)]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for key, _ in selector.select(0.1):
            answered += key.data.take()
            key.data.send()
    for connection in pool:
        connection.socket.close()
    print(f"  {connections * WRITES_AT_ONCE} writers: {answered} calls answered in {seconds} s", flush=True)


def list_all(clients, token):
    import threading
    times = []

    def read():
        started, path = time.monotonic(), "/v1/devmaps/ipv/entries?pageSize=1000"
        connection, page = Http(REST, 60), ""
        while page is not None:
            status, body = connection.ask("GET", path + (f"&pageToken={page}" if page else ""), token=token)
            if status != 200:
                times.append(float("inf"))
                return
            page = json.loads(body).get("nextPageToken") or None
        times.append(time.monotonic() - started)

    threads = [threading.Thread(target=read) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    print(f"  {clients} lists of everything: median {times[len(times) // 2]:.1f} s, last {times[-1]:.1f} s", flush=True)


def fill(daemon, n):
    def some(first, step):
        connection = Http(daemon.unix)
        for i in range(first, n, step):
            connection.ask("PUT", f"/v1/devmaps/ipv/entries/10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", {"interface": "vb"})
    workers = [multiprocessing.Process(target=some, args=(i, 8)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--daemon", default=os.environ.get("DEVMAPD"))
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--entries", type=int, default=3000)
    options, rest = arguments.parse_known_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    for command in ["ip link set lo up", "ip link add va type veth peer name vap", "ip link add vb type veth peer name vbp",
                    "ip link set va up", "ip link set vap up", "ip link set vb up", "ip link set vbp up"]:
        subprocess.run(command.split(), check=True)
    scale = 0.1 if options.short else 1
    daemon = Daemon(options.daemon, rest)
    try:
        fill(daemon, int(options.entries * scale))
        # What runs for the first time is compiled; a package is compiled ahead of time.
        print("== warming up")
        for load in [(write_much, 1, daemon.tokens["hog"], 1), (watch_and_reset, 5, daemon.tokens["watcher"], 1, 0.5), (list_all, 2, daemon.tokens["watcher"])]:
            load[0](*load[1:])
        phases = [
            ("nothing else", (time.sleep, 5 * scale)),
            ("watchers that reset", (watch_and_reset, int(3000 * scale), daemon.tokens["watcher"], 3, 4 * scale)),
            ("idle connections", (stay_idle, int(5000 * scale), 8 * scale)),
            ("ten times the queue in writers", (write_much, 2 if options.short else QUEUE * 10 // WRITES_AT_ONCE, daemon.tokens["hog"], 10 * scale)),
            ("lists", (list_all, int(50 * scale), daemon.tokens["watcher"])),
            ("nothing else, again", (time.sleep, 5 * scale)),
        ]
        for name, load in phases:
            if options.only in name or name == "nothing else":
                for _ in range(100):  # the load before it can still be there
                    if daemon.descriptors() < 600:
                        break
                    time.sleep(0.2)
                with_probes(name, daemon, load, after=3 * scale)
        for prefix in ("devmapd_writer_refused", "devmapd_connections", "devmapd_streams", "devmapd_watchers"):
            print("  ", daemon.metric(prefix))
    finally:
        print("  ended with", daemon.end())


if __name__ == "__main__":
    main()
