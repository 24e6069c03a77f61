"""Reload by SIGHUP and by API: whole or not at all, with the state kept."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import (STATUS_FAILED, STATUS_OK, Case, main, read_alerts, stays,
                     uptime, wait_for)
from peers.nginx import Nginx
from peers.stub import Stub


class Reload(Case):
    def setUp(self):
        super().setUp()
        self.web = self.peer(Nginx()).start()
        self.refused = self.peer(Stub("close"))
        self.alerts = self.folder / "alerts.jsonl"
        self.tocsin = self.agent()

    def configure(self, *probes, **top):
        self.tocsin.configure(
            probes=probes,
            channels={"log": {"kind": "file", "path": str(self.alerts)}},
            **top)

    def reload_by_api(self, expect=200):
        reply = self.tocsin.api("POST", "/api/v1/reload", {})
        self.assertEqual(reply.status, expect, reply)
        return reply

    def test_new_probes_run_and_removed_ones_stop(self):
        self.configure(uptime("one", self.web.url))
        self.tocsin.start()
        self.tocsin.wait_standing("one", "ok")
        self.configure(uptime("two", self.web.url))
        self.tocsin.reload()
        self.tocsin.wait_standing("two", "ok")
        self.assertIsNone(self.tocsin.probe("one"))

    def test_state_is_kept_and_nobody_is_paged_again(self):
        self.configure(uptime("bad", self.refused.url),
                       uptime("web", self.web.url))
        self.tocsin.start()
        self.tocsin.wait_standing("bad", "failed")
        self.tocsin.wait_standing("web", "ok")
        wait_for(lambda: len(read_alerts(self.alerts)) == 1, "the alert")
        before = self.tocsin.probe("bad")
        for n in range(3):
            self.configure(uptime("bad", self.refused.url, description=f"{n}"),
                           uptime("web", self.web.url))
            self.reload_by_api()
            after = self.tocsin.probe("bad")
            self.assertEqual(after["standing"], "failed")
            self.assertEqual(after["incident"], before["incident"])
            self.assertEqual(after["since"], before["since"])
        stays(lambda: len(read_alerts(self.alerts)) == 1, 2.5, "one alert")
        self.assertEqual(len(self.tocsin.incidents(probe="bad")), 1)

    def test_switched_off_while_a_run_is_under_way(self):
        slow = self.peer(Stub("silent"))
        quick = {"every": "2s", "timeout": "1500ms", "confirm": 3}
        self.configure(uptime("slow", slow.url, **quick))
        self.tocsin.start()
        wait_for(lambda: self.tocsin.probe("slow")["outcome"] == "failed",
                 "a first failure, not confirmed yet")
        for _ in range(3):  # in all phases of a run
            self.configure(uptime("slow", slow.url, enabled=False, **quick))
            self.tocsin.reload()
            wait_for(lambda: not self.tocsin.probe("slow")["enabled"],
                     "the reload")
            stays(self.tocsin.running, 2.0, "the core to live")
            self.configure(uptime("slow", slow.url, **quick))
            self.tocsin.reload()
            wait_for(lambda: self.tocsin.probe("slow")["enabled"],
                     "the reload")
        self.assertEqual(self.tocsin.incidents(probe="slow"), [])

    def test_switched_off_closes_its_incident(self):
        self.configure(uptime("bad", self.refused.url))
        self.tocsin.start()
        self.tocsin.wait_standing("bad", "failed")
        self.configure(uptime("bad", self.refused.url, enabled=False))
        self.reload_by_api()
        wait_for(lambda: [a["event"] for a in read_alerts(self.alerts)] ==
                 ["opened", "resolved"], "people to be told that it is over")

    def test_the_heartbeat_can_leave(self):
        probe = uptime("web", self.web.url)
        self.configure(probe, heartbeat={"url": self.web.url, "every": "10s"})
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        self.configure(probe)
        self.reload_by_api()
        stays(self.tocsin.running, 2.5, "the core to live")
        self.tocsin.stop()
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")

    def test_a_path_in_trouble_that_leaves_is_over(self):
        channels = {"log": {"kind": "file", "path": str(self.alerts)},
                    "gone": {"kind": "webhook", "url": self.refused.url,
                             "allow_http": True,
                             "allow_addresses": ["127.0.0.0/8"]}}
        probes = [uptime("bad", self.refused.url)]
        self.tocsin.configure(probes=probes, channels=channels)
        self.tocsin.start()
        wait_for(lambda: self.tocsin.incidents(probe="tocsin/path/gone"),
                 "the path's own incident")
        del channels["gone"]
        self.tocsin.configure(probes=probes, channels=channels)
        self.reload_by_api()
        wait_for(lambda: self.tocsin.incidents(
            probe="tocsin/path/gone")[0]["status"] == "resolved",
                 "it to be over")

    def test_a_probe_that_cannot_look_is_told(self):
        self.configure(uptime("web", self.web.url, method="G T"))
        self.tocsin.start()
        wait_for(lambda: self.tocsin.incidents(probe="tocsin/probe/web"),
                 "the agent to say that it cannot tell")
        self.assertEqual(self.tocsin.incidents(probe="web"), [])
        self.configure(uptime("web", self.web.url))
        self.reload_by_api()
        wait_for(lambda: self.tocsin.incidents(
            probe="tocsin/probe/web")[0]["status"] == "resolved",
                 "it to be over")

    def test_a_bad_configuration_changes_nothing(self):
        self.configure(uptime("web", self.web.url))
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")
        self.tocsin.write_config(
            "state: sqlite:/nowhere/state.db\n"
            "probes:\n"
            "  - name: web\n"
            "    kind: uptime\n"
            "    target: ftp://127.0.0.1/\n"
            "    evry: 1s\n"
            "  - name: web\n"
            "    kind: uptine\n"
            "    target: http://127.0.0.1/\n")
        mistakes = self.reload_by_api(expect=422).json()["mistakes"]
        texts = "\n".join(json.dumps(m) for m in mistakes)
        self.assertIn("every", texts)    # did you mean
        self.assertIn("uptime", texts)   # did you mean
        lines = {m["line"] for m in mistakes}
        self.assertTrue({6, 8} <= lines, mistakes)
        self.assertTrue(all(m["file"].endswith("tocsin.yaml")
                            for m in mistakes))
        self.tocsin.reload()  # the same by signal: said in the log
        self.tocsin.wait_log("evry")
        before = self.tocsin.probe("web")["at"]
        wait_for(lambda: self.tocsin.probe("web")["at"] > before,
                 "the old probe to go on")

    def test_removed_probe_closes_its_incident(self):
        self.configure(uptime("bad", self.refused.url),
                       uptime("web", self.web.url))
        self.tocsin.start()
        self.tocsin.wait_standing("bad", "failed")
        identity = self.tocsin.incidents(probe="bad")[0]["id"]
        self.configure(uptime("web", self.web.url))
        self.reload_by_api()
        incident = wait_for(
            lambda: (i := self.tocsin.incident(identity))["status"]
            == "resolved" and i, "the incident to be closed")
        self.assertIn("configuration", json.dumps(incident))

    def test_channels_come_and_go(self):
        self.configure(uptime("web", self.web.url))
        self.tocsin.start()
        self.tocsin.wait_worker("path", "file")
        first = self.tocsin.workers("path")
        other = self.folder / "other.jsonl"
        self.tocsin.configure(
            probes=[uptime("web", self.web.url),
                    uptime("bad", self.refused.url)],
            channels={"log": {"kind": "file", "path": str(self.alerts)},
                      "other": {"kind": "file", "path": str(other)}})
        self.reload_by_api()
        for path in (self.alerts, other):
            wait_for(lambda path=path: read_alerts(path), f"alert in {path}")
        self.assertTrue(set(first) <= set(self.tocsin.workers("path")),
                        "an unchanged channel keeps its process")
        self.configure(uptime("web", self.web.url))
        self.reload_by_api()
        wait_for(lambda: len(self.tocsin.workers("path")) == 1,
                 "the second path to end")

    def test_the_command(self):
        self.configure(uptime("web", self.web.url))
        self.tocsin.start()
        self.tocsin.cli("reload", "-c", self.tocsin.config_file,
                        check=STATUS_OK)
        self.tocsin.write_config("state: [")
        done = self.tocsin.cli("reload", "-c", self.tocsin.config_file)
        self.assertEqual(done.returncode, STATUS_FAILED)

    def test_conf_d(self):
        self.configure(uptime("one", self.web.url))
        extra = self.tocsin.folder / "conf.d"
        extra.mkdir()
        (extra / "more.yaml").write_text(json.dumps(
            {"probes": [uptime("two", self.web.url)]}))
        self.tocsin.start()
        self.tocsin.wait_standing("one", "ok")
        self.tocsin.wait_standing("two", "ok")


if __name__ == "__main__":
    main()
