"""Debian's prometheus-alertmanager, alone, with a storage of its own.

    manager = Alertmanager(folder, receiver_url).start()
    manager.url                     # http://127.0.0.1:PORT
    manager.alerts(incident="…")    # as its API shows them
    manager.stop()
"""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import urllib.parse

from harness import PATIENCE, free_port, wait_for

PROGRAM = "/usr/bin/prometheus-alertmanager"
CONFIG = """\
route:
  receiver: hook
  group_wait: 0s
  group_interval: %s
  repeat_interval: 1h
  group_by: ['...']
receivers:
  - name: hook
    webhook_configs:
      - url: '%s'
        send_resolved: true
"""


class Alertmanager:
    def __init__(self, folder, receiver="http://127.0.0.1:1/",
                 group_interval="1s"):
        self.folder = pathlib.Path(folder)
        self.receiver = receiver
        self.group_interval = group_interval
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        storage = self.folder / "storage"
        storage.mkdir(parents=True, exist_ok=True)
        config = self.folder / "alertmanager.yml"
        config.write_text(CONFIG % (self.group_interval,
                                    self.receiver))
        with open(self.folder / "alertmanager.log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, f"--config.file={config}",
                 f"--storage.path={storage}", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")})
        wait_for(lambda: self.get("/-/ready") is not None,
                 "the Alertmanager to be ready")
        return self

    def get(self, path):
        """The body of a 200, else None."""
        if self.process.poll() is not None:
            raise AssertionError(
                "the Alertmanager ended:\n" + (
                    self.folder / "alertmanager.log").read_text()[-2000:])
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=10 * PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            return body if response.status == 200 else None
        finally:
            connection.close()

    def alerts(self, **labels):
        """The alerts it holds to be firing now."""
        query = urllib.parse.urlencode(
            [("filter", f'{k}="{v}"') for k, v in labels.items()])
        return json.loads(self.get(f"/api/v2/alerts?{query}"))

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=10 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
