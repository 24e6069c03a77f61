"""The core's own HTTP interface: health, metrics, API, who may do what."""
import os
import pathlib
import socket
import stat
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import metrics_text
from harness import Case, free_port, main, uptime, wait_for
from peers.nginx import Nginx, certificate
from peers.stub import Stub

TOKEN = "a-token-of-no-value-0123456789"


class Api(Case):
    def setUp(self):
        super().setUp()
        self.web = self.peer(Nginx()).start()
        self.tocsin = self.agent()

    def start(self, **top):
        self.tocsin.configure(
            probes=[uptime("web", self.web.url)],
            channels={"log": {"kind": "file",
                              "path": str(self.folder / "alerts.jsonl")}},
            **top)
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        return self.tocsin

    def test_health_and_readiness(self):
        agent = self.start()
        self.assertEqual(agent.tcp("GET", "/healthz").status, 200)
        ready = wait_for(
            lambda: (r := agent.tcp("GET", "/readyz")).status == 200 and r,
            "the agent to be ready")
        self.assertIsInstance(ready.json(), dict)

    def test_status_says_what_it_watches(self):
        status = self.start().status()
        self.assertEqual(status["agent"]["name"], "test-agent")
        row = status["probes"][0]
        self.assertEqual(
            (row["name"], row["kind"], row["target"], row["standing"],
             row["outcome"]),
            ("web", "uptime", self.web.url, "ok", "ok"))
        self.assertTrue(status["store"]["ok"], status["store"])
        self.assertEqual(status["incidents"]["open"], 0)
        self.assertEqual([c["name"] for c in status["channels"]], ["log"])

    def test_metrics_are_prometheus_text(self):
        agent = self.start()
        reply = agent.tcp("GET", "/metrics")
        self.assertTrue(
            reply.headers["Content-Type"].startswith("text/plain"),
            reply.headers)
        families = metrics_text.parse(reply.text())
        # Names that dashboards made for blackbox_exporter know.
        for name, expected in [("probe_success", 1),
                               ("probe_http_status_code", 200)]:
            self.assertEqual(metrics_text.value(families, name, probe="web"),
                             expected, name)
        took = metrics_text.value(families, "probe_duration_seconds",
                                  probe="web")
        self.assertTrue(0 < took < 30, took)
        self.assertIn("tocsin_schedule_lateness_seconds", families)

    def test_metrics_survive_hostile_labels(self):
        name = 'web'
        probe = uptime(name, self.web.url)
        probe["labels"] = {"team": 'a "b" \\ c'}
        probe["description"] = "quotes \" and \\ and\nnew lines"
        self.tocsin.configure(probes=[probe])
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        metrics_text.parse(self.tocsin.metrics())

    def test_tls_metrics(self):
        web = self.peer(Nginx(tls=True)).start()
        self.tocsin.configure(probes=[uptime(
            "tls", web.url, ca_file=str(web.certificate[0]))])
        self.tocsin.start()
        self.tocsin.wait_standing("tls", "ok")
        families = metrics_text.parse(self.tocsin.metrics())
        expiry = metrics_text.value(
            families, "probe_ssl_earliest_cert_expiry", probe="tls")
        days = (expiry - time.time()) / 86400
        self.assertTrue(28 < days < 31, days)

    def test_tcp_is_read_only_without_a_token(self):
        agent = self.start()
        self.assertEqual(agent.tcp("GET", "/api/v1/status").status, 200)
        for path in ("/api/v1/reload", "/api/v1/channels/log/test",
                     "/api/v1/probes/web/run", "/api/v1/backup"):
            reply = agent.tcp("POST", path, body={})
            self.assertIn(reply.status, (401, 403), (path, reply))

    def test_loopback_answers_to_its_own_names_only(self):
        self.start()
        for host in ("localhost", "127.0.0.1:9640", "127.8.9.1", "[::1]:80"):
            reply = self.tocsin.tcp("GET", "/api/v1/status",
                                    headers={"Host": host})
            self.assertEqual(reply.status, 200, host)
        for host in ("localhost.evil.example", "127.evil.example",
                     "localhostevil", "[::1].evil", "evil.example", ""):
            reply = self.tocsin.tcp("GET", "/api/v1/status",
                                    headers={"Host": host})
            self.assertEqual(reply.status, 421, host)

    def test_tcp_with_a_token(self):
        agent = self.start(http={
            "listen": f"127.0.0.1:{self.tocsin.port}", "token": TOKEN})

        def run(**headers):
            return agent.tcp("POST", "/api/v1/probes/web/run", body={},
                             headers=headers).status
        self.assertEqual(run(), 401)
        self.assertEqual(run(Authorization="Bearer wrong"), 401)
        self.assertEqual(run(Authorization=f"Bearer {TOKEN}x"), 401)
        self.assertEqual(run(Authorization=f"Bearer {TOKEN[:-1]}"), 401)
        self.assertEqual(run(Authorization=f"Basic {TOKEN}"), 401)
        self.assertIn(run(Authorization=f"Bearer {TOKEN}"), (200, 202))
        # The control socket needs none: its mode is the guard.
        self.assertIn(
            agent.api("POST", "/api/v1/probes/web/run", {}).status, (200, 202))
        self.assertNotIn(TOKEN, agent.log())

    def test_off_loopback_needs_token_and_tls(self):
        self.tocsin.configure(http={"listen": f"0.0.0.0:{free_port()}"})
        done = self.tocsin.cli("config", "check", "-c",
                               self.tocsin.config_file)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn("token", done.stdout + done.stderr)

    def test_tls_listener(self):
        import http.client
        import ssl
        cert, key = certificate(self.folder)
        key.chmod(0o600)
        agent = self.start(http={
            "listen": f"127.0.0.1:{self.tocsin.port}", "token": TOKEN,
            "cert_file": str(cert), "key_file": str(key)})
        context = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection(
            "localhost", agent.port, timeout=10, context=context)
        connection.request("GET", "/healthz")
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_control_socket_is_its_owners(self):
        agent = self.start()
        mode = os.stat(agent.state / "control.sock").st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        for name in os.listdir(agent.state):
            mode = stat.S_IMODE(os.stat(agent.state / name).st_mode)
            self.assertEqual(mode & 0o077, 0, f"{name} has mode {mode:o}")

    def test_unknown_things_are_404(self):
        agent = self.start()
        for path in ("/", "/nowhere", "/api/v1/incidents/0000000000",
                     "/api/v1/probes/nobody/history", "/api/v2/status"):
            self.assertEqual(agent.api("GET", path).status, 404, path)
        self.assertEqual(
            agent.api("POST", "/api/v1/probes/nobody/run", {}).status, 404)
        self.assertIn(agent.api("DELETE", "/api/v1/status").status, (405, 501))

    def test_bad_requests_are_refused(self):
        agent = self.start()
        for path in ("/api/v1/incidents?limit=many",
                     "/api/v1/incidents?status=perhaps",
                     "/api/v1/probes/web/history?step=fortnight"):
            self.assertEqual(agent.api("GET", path).status, 400, path)
        with socket.create_connection(("127.0.0.1", agent.port), 5) as raw:
            raw.sendall(b"POST /api/v1/reload HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 99999999999\r\n\r\n")
            raw.settimeout(10)
            self.assertFalse(raw.recv(4096).startswith(b"HTTP/1.1 200"))
        self.assertEqual(agent.tcp("GET", "/healthz").status, 200)

    def test_slow_clients_do_not_hold_it(self):
        agent = self.start()
        idle = [socket.create_connection(("127.0.0.1", agent.port), 5)
                for _ in range(50)]
        try:
            for connection in idle:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nX-")
            self.assertEqual(agent.tcp("GET", "/healthz").status, 200)
            before = agent.probe("web")["at"]
            wait_for(lambda: agent.probe("web")["at"] != before,
                     "the probe to run meanwhile")
        finally:
            for connection in idle:
                connection.close()

    def test_history(self):
        agent = self.start()
        rows = wait_for(
            lambda: len(rows := agent.get(
                "/api/v1/probes/web/history?step=raw&hours=1")["history"])
            >= 3 and rows, "three observations in the history")
        times = [row["at"] for row in rows]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(times), len(set(times)))

    def test_run_now(self):
        stub = self.peer(Stub("close"))
        self.tocsin.configure(probes=[
            uptime("late", stub.url, every="1h", retry_every="1h",
                   confirm=3)])
        self.tocsin.start()
        before = stub.connections
        reply = self.tocsin.api("POST", "/api/v1/probes/late/run", {})
        self.assertIn(reply.status, (200, 202), reply)
        wait_for(lambda: stub.connections > before, "the run")
        self.tocsin.wait_outcome("late", "failed")


if __name__ == "__main__":
    main()
