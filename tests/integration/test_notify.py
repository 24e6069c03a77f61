"""What the agent tells systemd, and the heartbeat it sends to others."""
import http.server
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, main, uptime, wait_for
from peers.nginx import Nginx


class Systemd(Case):
    """The unit's Type=notify and WatchdogSec=, without systemd."""

    def setUp(self):
        super().setUp()
        self.said = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = self.folder / "notify"
        self.socket.bind(str(path))
        self.addCleanup(self.socket.close)
        threading.Thread(target=self.listen, daemon=True).start()
        self.tocsin = self.agent(environment={
            "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "4000000"})
        web = self.peer(Nginx()).start()
        self.tocsin.configure(probes=[uptime("web", web.url)])

    def listen(self):
        while True:
            try:
                data = self.socket.recv(4096).decode()
            except OSError:
                return
            now = time.monotonic()
            self.said += [(now, line) for line in data.split("\n") if line]

    def wait_said(self, line, after=0):
        return wait_for(lambda: any(text == line
                                    for _, text in self.said[after:]), line)

    def test_life(self):
        self.tocsin.start()
        self.wait_said("READY=1")
        wait_for(lambda: [t for _, t in self.said].count("WATCHDOG=1") >= 3,
                 "three signs of life")
        times = [at for at, text in self.said if text == "WATCHDOG=1"]
        # Each well before systemd would lose patience (4 s).
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 4)
        after = len(self.said)
        self.tocsin.reload()
        self.wait_said("RELOADING=1", after)
        self.wait_said("READY=1", after)
        self.tocsin.stop()
        self.wait_said("STOPPING=1")

    def test_not_ready_if_it_cannot_start(self):
        self.tocsin.write_config("nonsense: true\n")
        self.tocsin.start(wait=False)
        self.assertNotEqual(self.tocsin.wait_end(), 0)
        self.assertNotIn("READY=1", [text for _, text in self.said])


class Heartbeat(Case):
    def test_it_beats_while_all_is_well(self):
        beats = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                beats.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        agent = self.agent()
        agent.configure(
            channels={"log": {"kind": "file",
                              "path": str(self.folder / "alerts.jsonl")}},
            heartbeat={"url": f"http://127.0.0.1:{server.server_port}/ping",
                       "every": "10s"})
        agent.start()
        wait_for(lambda: len(beats) >= 2, "two heartbeats", 60)
        self.assertEqual(set(beats), {"/ping"})

    def test_a_heartbeat_goes_nowhere_special(self):
        agent = self.agent()
        alerts = self.folder / "alerts.jsonl"
        agent.configure(
            channels={"log": {"kind": "file", "path": str(alerts)}},
            heartbeat={"url": "http://127.0.0.1:1/ping", "every": "10s",
                       "allow_addresses": ["10.0.0.0/8"]})
        agent.start()
        wait_for(lambda: alerts.exists() and "127.0.0.1 is a loopback address "
                 "(127.0.0.0/8); to allow it, put" in alerts.read_text(),
                 "the refusal to be told", 60)


if __name__ == "__main__":
    main()
