"""The commands people type: what they print, and how they exit."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (STATUS_FAILED, STATUS_NO, STATUS_OK, STATUS_UNKNOWN, Case,
                     free_port, main, read_alerts, run_cli, uptime, wait_for)
from peers.nginx import Nginx
from peers.stub import Stub


class OneRun(Case):
    """`tocsin probe`: one run now, without an agent."""

    def test_ok(self):
        web = self.peer(Nginx()).start()
        done = run_cli("probe", "uptime", web.url)
        self.assertEqual(done.returncode, STATUS_OK, done.stderr)
        self.assertTrue(done.stdout.strip())

    def test_failed(self):
        port = free_port()
        done = run_cli("probe", "uptime", f"http://127.0.0.1:{port}/")
        self.assertEqual(done.returncode, STATUS_FAILED)
        self.assertIn("refused", done.stdout)

    def test_degraded(self):
        web = self.peer(Nginx(tls=True)).start()
        done = run_cli("probe", "uptime", web.url,
                       "-o", f"ca_file={web.certificate[0]}",
                       "-o", "expect.cert_degraded=60d")
        self.assertEqual(done.returncode, STATUS_NO,
                         done.stdout + done.stderr)

    def test_wrong_usage(self):
        for words in (("probe",), ("probe", "nonsense", "x"),
                      ("probe", "uptime", "http://127.0.0.1/", "-o", "x=y"),
                      ("nonsense",), ("run", "--nonsense")):
            done = run_cli(*words)
            self.assertEqual(done.returncode, STATUS_FAILED, words)
            self.assertTrue(done.stderr.strip(), words)

    def test_json_is_one_observation(self):
        web = self.peer(Nginx(body="hello")).start()
        done = run_cli("probe", "uptime", web.url, "--json")
        seen = json.loads(done.stdout)
        self.assertEqual((seen["outcome"], seen["kind"], seen["target"]),
                         ("ok", "uptime", web.url))
        for key in ("at", "reason", "facts", "metrics", "findings"):
            self.assertIn(key, seen)

    def test_by_name_from_a_file(self):
        web = self.peer(Nginx(body="hello")).start()
        agent = self.agent()
        agent.configure(probes=[uptime(
            "web", web.url, expect={"body_contains": ["goodbye"]})])
        done = agent.cli("probe", "web", "-c", agent.config_file)
        self.assertEqual(done.returncode, STATUS_FAILED)
        self.assertIn("goodbye", done.stdout)

    def test_hostile_text_does_not_reach_the_terminal(self):
        web = self.peer(Nginx(status=500, body="\x1b[31mred\x07")).start()
        done = run_cli("probe", "uptime", web.url)
        self.assertEqual(done.returncode, STATUS_FAILED)
        self.assertNotIn("\x1b[31m", done.stdout)
        self.assertNotIn("\x07", done.stdout)


class WithAnAgent(Case):
    def setUp(self):
        super().setUp()
        self.web = self.peer(Nginx()).start()
        self.bad = self.peer(Stub("close"))
        self.alerts = self.folder / "alerts.jsonl"
        self.tocsin = self.agent()
        self.tocsin.configure(
            probes=[uptime("web", self.web.url),
                    uptime("bad", self.bad.url, severity="critical")],
            channels={"log": {"kind": "file", "path": str(self.alerts)}})
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        self.tocsin.wait_standing("bad", "failed")

    def run_it(self, *words):
        return self.tocsin.cli(*words, "-c", self.tocsin.config_file)

    def test_status(self):
        done = self.run_it("status")
        self.assertEqual(done.returncode, STATUS_FAILED, done.stderr)
        for word in ("web", "bad", "failed", "log"):
            self.assertIn(word, done.stdout)
        seen = json.loads(self.run_it("status", "--json").stdout)
        self.assertEqual({p["name"] for p in seen["probes"]}, {"web", "bad"})

    def test_status_without_an_agent(self):
        self.tocsin.stop()
        done = self.run_it("status")
        self.assertIn(done.returncode, (STATUS_FAILED, STATUS_UNKNOWN))
        self.assertIn("control.sock", done.stderr)

    def test_incident_life(self):
        rows = json.loads(self.run_it("incident", "list", "--json").stdout)
        rows = rows["incidents"] if isinstance(rows, dict) else rows
        identity = rows[0]["id"]
        self.assertIn(identity, self.run_it("incident", "list").stdout)
        shown = self.run_it("incident", "show", identity)
        self.assertEqual(shown.returncode, STATUS_OK, shown.stderr)
        self.assertIn("bad", shown.stdout)
        for words in (("ack", identity), ("note", identity, "I look at it"),
                      ("resolve", identity)):
            done = self.run_it("incident", *words)
            self.assertEqual(done.returncode, STATUS_OK, done.stderr)
        incident = self.tocsin.incident(identity)
        self.assertEqual(incident["status"], "resolved")
        said = json.dumps(incident["timeline"])
        self.assertIn("I look at it", said)
        self.assertEqual(
            self.run_it("incident", "show", "0000000000").returncode,
            STATUS_FAILED)

    def test_channel_test(self):
        done = self.run_it("channel", "test", "log")
        self.assertEqual(done.returncode, STATUS_OK,
                         done.stdout + done.stderr)
        wait_for(lambda: any(a["event"] == "test"
                             for a in read_alerts(self.alerts)),
                 "the test message")
        self.assertNotEqual(
            self.run_it("channel", "test", "nobody").returncode, STATUS_OK)

    def test_backup_while_it_runs(self):
        import sqlite3
        target = self.folder / "backup.db"
        done = self.run_it("backup", target)
        self.assertEqual(done.returncode, STATUS_OK, done.stderr)
        with sqlite3.connect(target) as database:
            self.assertEqual(
                database.execute("PRAGMA integrity_check").fetchone()[0],
                "ok")
        self.assertEqual(target.stat().st_mode & 0o077, 0)
        again = self.run_it("backup", target)
        self.assertNotEqual(again.returncode, STATUS_OK)
        self.assertIn("exist", again.stdout + again.stderr)

    def test_kinds_and_schema(self):
        done = self.tocsin.cli("kinds", check=STATUS_OK)
        for kind in ("uptime", "email", "webhook", "ntfy", "file"):
            self.assertIn(kind, done.stdout)
        self.assertIn("target",
                      self.tocsin.cli("kinds", "uptime", check=0).stdout)
        schema = json.loads(
            self.tocsin.cli("config", "schema", check=0).stdout)
        self.assertIn("$schema", schema)


if __name__ == "__main__":
    main()
