"""What the integration, isolation and crash tests stand on.

An Agent is one real `tocsin run` with a folder of its own; Case is a test that
ends every process it started and shows their logs if it fails. Waiting is
always for a condition, with a generous deadline: a slow machine makes a test
slower, never red. Nothing here leaves loopback.
"""
import datetime
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

# How much longer than usual to wait (sanitizers, slow machines).
PATIENCE = float(os.environ.get("TOCSIN_TEST_PATIENCE", "1"))
# The least interval that the uptime kind allows.
FASTEST = "1s"
STATUS_OK, STATUS_NO, STATUS_FAILED, STATUS_UNKNOWN = range(4)


def binary():
    """The program under test: TOCSIN_BINARY, or the sanitized build."""
    path = pathlib.Path(
        os.environ.get("TOCSIN_BINARY", ROOT / "build/asan/tocsin"))
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not built")
    return str(path.resolve())


_ports_given = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _ports_given:
            _ports_given.add(port)
            return port


def wait_for(condition, what, timeout=30.0, every=0.02):
    """The first true value of condition(), asked until the deadline."""
    deadline = time.monotonic() + timeout * PATIENCE
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, http.client.HTTPException) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(
                f"waited {timeout * PATIENCE:.0f} s for {what}; "
                f"last seen: {str(last)[:2000]}")
        time.sleep(every)


def stays(condition, seconds, what):
    """condition() holds now and for as long as `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise AssertionError(f"did not hold: {what}")
        time.sleep(0.05)


def seconds_of(rfc3339):
    """RFC 3339 in UTC as seconds since 1970."""
    return datetime.datetime.fromisoformat(
        rfc3339.replace("Z", "+00:00")).timestamp()


def alive(pid):
    """Does the process run (a zombie does not)?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid):
    """Pids of the living children of a process."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii",
                      errors="replace") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] not in "ZX":
            found.append(int(entry))
    return sorted(found)


def command_line(pid):
    try:
        data = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode(errors="replace") for word in data.split(b"\0")[:-1]]


def descriptors(pid):
    """What the process has open: {fd: where it leads}."""
    folder = pathlib.Path(f"/proc/{pid}/fd")
    found = {}
    for entry in os.listdir(folder):
        try:
            found[int(entry)] = os.readlink(folder / entry)
        except OSError:
            pass
    return found


def private_kib(pid):
    """Memory that would be free again if the process ended."""
    total = 0
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        for line in f:
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1])
    return total


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the agent's control socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = dict(response.getheaders())
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


def ask(connection, method, path, body=None, headers=None):
    """One request on a connection that is closed afterwards."""
    data, headers = None, dict(headers or {})
    if body is not None:
        data = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body=data, headers=headers)
        return Reply(connection.getresponse())
    finally:
        connection.close()


class Agent:
    """One `tocsin run`: its folder, configuration, log and API."""

    def __init__(self, folder, environment=None, prefix=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.config_file = self.folder / "tocsin.yaml"
        self.log_file = self.folder / "agent.log"
        self.environment = dict(environment or {})
        self.prefix = list(prefix)
        self.port = free_port()
        self.process = None

    # The configuration is a Python value; YAML is a superset of JSON.
    def configure(self, probes=(), channels=None, routes=None, **top):
        config = {
            "state": f"sqlite:{self.state}/state.db",
            "agent": {"name": "test-agent"},
            "http": {"listen": f"127.0.0.1:{self.port}"},
            "probes": list(probes),
            "channels": dict(channels or {}),
        }
        if routes is not None:
            config["routes"] = routes
        config.update(top)
        self.write_config(json.dumps(config, indent=1))

    def write_config(self, text):
        self.config_file.write_text(text)
        self.config_file.chmod(0o600)

    def start(self, wait=True):
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        environment.update(self.environment)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, binary(), "run", "-c", str(self.config_file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=environment)
        if wait:
            self.wait_healthy()
        return self

    def wait_healthy(self):
        def healthy():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"the agent ended with {self.process.returncode}:\n"
                    + self.log()[-4000:])
            return self.api("GET", "/healthz").status == 200
        wait_for(healthy, "the agent to answer")

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, expect=0):
        """An orderly end; its exit status."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        status = self.wait_end()
        if expect is not None and status != expect:
            raise AssertionError(
                f"the agent ended with {status}:\n" + self.log()[-4000:])
        return status

    def kill(self):
        if self.running():
            self.process.kill()
        return self.wait_end()

    def wait_end(self, timeout=30):
        return self.process.wait(timeout=timeout * PATIENCE)

    def exit_by_signal(self):
        """The signal that ended it, or None."""
        status = self.process.returncode
        return -status if status is not None and status < 0 else None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        try:
            return self.log_file.read_text(errors="replace")
        except OSError:
            return ""

    def wait_log(self, needle, timeout=30):
        return wait_for(lambda: needle in self.log(),
                        f"{needle!r} in the log", timeout)

    # The operators' interface, as the CLI uses it: the control socket.
    def api(self, method, path, body=None, timeout=10):
        connection = UnixConnection(
            self.state / "control.sock", timeout * PATIENCE)
        return ask(connection, method, path, body)

    def tcp(self, method, path, body=None, headers=None, timeout=10):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=timeout * PATIENCE)
        return ask(connection, method, path, body, headers)

    def get(self, path):
        reply = self.api("GET", path)
        if reply.status != 200:
            raise AssertionError(f"GET {path}: {reply}")
        return reply.json()

    def status(self):
        return self.get("/api/v1/status")

    def probe(self, name):
        for row in self.status()["probes"]:
            if row["name"] == name:
                return row
        return None

    def channel(self, name):
        for row in self.status()["channels"]:
            if row["name"] == name:
                return row
        return None

    def wait_standing(self, probe, standing, timeout=60):
        return wait_for(
            lambda: (self.probe(probe) or {}).get("standing") == standing,
            f"{probe} to be {standing}", timeout)

    def wait_outcome(self, probe, outcome, timeout=60):
        return wait_for(
            lambda: (self.probe(probe) or {}).get("outcome") == outcome,
            f"the last run of {probe} to be {outcome}", timeout)

    def incidents(self, status="all", probe=None):
        """The newest thousand, of all probes or of one."""
        query = f"status={status}&limit=1000"
        if probe is not None:
            query += "&probe=" + urllib.parse.quote(probe, safe="")
        return self.get(f"/api/v1/incidents?{query}")["incidents"]

    def incident(self, identity):
        return self.get(f"/api/v1/incidents/{identity}")

    def deliveries(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        return self.get(f"/api/v1/deliveries?{query}")["deliveries"]

    def metrics(self):
        reply = self.tcp("GET", "/metrics")
        if reply.status != 200:
            raise AssertionError(f"GET /metrics: {reply}")
        return reply.text()

    # Workers
    def workers(self, role=None, kind=None):
        """Pids of the worker processes, optionally of one role and kind."""
        found = []
        for pid in children(self.pid):
            words = command_line(pid)
            if "worker" not in words:
                continue
            at = words.index("worker")
            if role is not None and words[at + 1:at + 2] != [role]:
                continue
            if kind is not None and words[at + 2:at + 3] != [kind]:
                continue
            found.append(pid)
        return found

    def wait_worker(self, role, kind):
        return wait_for(lambda: self.workers(role, kind),
                        f"a {role} worker for {kind}")[0]

    def cli(self, *words, timeout=30, check=None):
        """A tocsin command with this configuration's file."""
        done = run_cli(*words, cwd=self.folder, timeout=timeout)
        if check is not None and done.returncode != check:
            raise AssertionError(f"tocsin {' '.join(words)}: "
                                 f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def integrity(self):
        """SQLite's own verdict on the state; the agent must be down."""
        import sqlite3
        with sqlite3.connect(self.state / "state.db") as database:
            return database.execute("PRAGMA integrity_check").fetchone()[0]


def run_cli(*words, cwd=None, timeout=30, stdin=None, environment=None):
    full = dict(os.environ)
    full.update(environment or {})
    return subprocess.run(
        [binary(), *map(str, words)], cwd=cwd, env=full, input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True, text=True, check=False,
        timeout=timeout * PATIENCE)


def read_alerts(path):
    """The whole lines a `file` channel has written so far. A line that broke
    off when its writer was killed is none."""
    try:
        text = pathlib.Path(path).read_text()
    except OSError:
        return []
    alerts = []
    for line in text.split("\n")[:-1]:
        try:
            alerts.append(json.loads(line))
        except ValueError:
            continue
    return alerts


def uptime(name, target, **keys):
    """A probe that runs as often as it may and confirms at once."""
    probe = {"name": name, "kind": "uptime", "target": target,
             "every": FASTEST, "confirm": 1, "recover": 1}
    probe.update(keys)
    return probe


class Case(unittest.TestCase):
    """A test with a folder, agents and peers that it cleans up."""

    keep = os.environ.get("TOCSIN_TEST_KEEP") == "1"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-test-"))
        self.folder.chmod(0o755)  # peers with their own user look inside
        self.agents = []
        self.addCleanup(self._finish)

    def agent(self, name="agent", **options):
        made = Agent(self.folder / name, **options)
        self.agents.append(made)
        return made

    def peer(self, peer):
        """Stop a peer (anything with stop()) at the end."""
        self.addCleanup(peer.stop)
        return peer

    def _failed(self):
        outcome = self._outcome
        result = getattr(outcome, "result", None)
        return any(test is self for test, _ in
                   (result.failures + result.errors)) if result else False

    def _finish(self):
        for agent in self.agents:
            if agent.process is None:
                continue
            orphans = []
            if agent.running():
                orphans = children(agent.pid)
                for pid in orphans:
                    end_process(pid, signal.SIGCONT)
                agent.process.kill()
                agent.process.wait()
            for pid in orphans:
                wait_gone(pid)
        if self._failed():
            for agent in self.agents:
                print(f"--- the end of {agent.log_file}:\n"
                      + agent.log()[-6000:], file=sys.stderr)
        if self.keep:
            print(f"kept {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def note(text):
        """A measured fact; shown even if the test passes."""
        print(f"note: {text}", flush=True)

    def assert_clean_log(self, agent):
        """No sanitizer report, no broken invariant."""
        text = agent.log()
        for sign in ("AddressSanitizer", "runtime error:", "LeakSanitizer",
                     "CHECK failed", "check_failed"):
            self.assertNotIn(sign, text)


def end_process(pid, signo):
    try:
        os.kill(pid, signo)
    except ProcessLookupError:
        pass


def wait_gone(pid, timeout=10):
    """A worker whose core died ends by itself; make sure it has."""
    end = time.monotonic() + timeout * PATIENCE
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    if alive(pid) and "worker" in command_line(pid):
        end_process(pid, signal.SIGKILL)


def need_root():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def need_command(*names):
    for name in names:
        if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            raise unittest.SkipTest(f"{name} is not installed")


def main():
    """For running one file by hand."""
    unittest.main(verbosity=2)
