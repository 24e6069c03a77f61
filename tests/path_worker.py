"""One path worker, driven as the core drives it.

    worker = PathWorker("email", {"server": …})
    receipt = worker.deliver(message("opened"))   # {"status": "delivered", …}
    worker.end()
"""
import json
import os
import subprocess
import threading

from harness import PATIENCE, binary

INCIDENT = "7k3qx9v2tb"


def message(event="opened", seq=1, channel="mail", incident=INCIDENT, **parts):
    """A message as the core stores it; `parts` replace top-level members."""
    made = {
        "delivery": f"{incident}-{seq}-{channel}", "event": event, "seq": seq,
        "at": "2026-11-22T04:00:00.000Z", "actor": "", "note": "",
        "because": "", "incident": {
            "id": incident, "title": "portal is failing",
            "severity": "critical", "status": "open",
            "failing_since": "2026-11-22T03:59:30.000Z",
            "last_ok_at": None,
            "opened_at": "2026-11-22T04:00:00.000Z", "acknowledged_at": None,
            "acknowledged_by": "", "resolved_at": None, "url": "",
            "acknowledge_url": ""},
        "probe": {
            "name": "portal", "kind": "uptime",
            "target": "https://portal.example.org/health", "description": "",
            "runbook": "", "component": "", "labels": {}, "regions": ["here"]},
        "observation": {
            "outcome": "failed", "reason": "connect to 192.0.2.7:443 refused",
            "facts": {}, "metrics": {}},
        "timeline": [], "agent": "mon1.example.org"}
    made.update(parts)
    return made


class PathWorker:
    def __init__(self, kind, config, prefix=(), environment=None):
        full = dict(os.environ, ASAN_OPTIONS="detect_leaks=1",
                    UBSAN_OPTIONS="print_stacktrace=1", **(environment or {}))
        self.process = subprocess.Popen(
            [*prefix, binary(), "worker", "path", kind], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=full)
        self.errors = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.hello = self.read()["hello"]
        self.jobs = 0
        self.send({"config": config})

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)

    def send(self, line):
        try:
            self.process.stdin.write(json.dumps(line) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it refused the configuration; read() says so

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(timeout=30 * PATIENCE)
            self._reader.join(timeout=10)
            raise AssertionError(f"the worker ended with "
                                 f"{self.process.returncode}: "
                                 + "".join(self.errors)[-4000:])
        return json.loads(line)

    def begin(self, what, timeout_ms=60000, **more):
        """Send a job without waiting for its result; `more` members."""
        self.jobs += 1
        self.send({"job": {"id": self.jobs, "timeout_ms": timeout_ms,
                           "message": what, **more}})

    def deliver(self, what, timeout_ms=60000, **more):
        self.begin(what, timeout_ms, **more)
        return self.read()["result"]

    def ask(self, what, remote_id, timeout_ms=60000):
        """what: "poll" or "cancel"."""
        self.jobs += 1
        self.send({"job": {"id": self.jobs, "timeout_ms": timeout_ms,
                           what: remote_id}})
        return self.read()["result"]

    def end(self):
        """An orderly end; sanitizers speak up here."""
        if self.process.poll() is None:
            self.process.stdin.close()
        status = self.process.wait(timeout=30 * PATIENCE)
        self._reader.join(timeout=10)
        self.process.stdout.close()
        self.process.stderr.close()
        if status != 0:
            raise AssertionError(
                f"the worker ended with {status}: "
                + "".join(self.errors)[-4000:])

    def stop(self):
        """However it stands."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout,
                       self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
