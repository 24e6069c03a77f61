"""The whole way: nginx stops, and Postfix (STARTTLS with TLS 1.3 offered, and
AUTH), a receiver that verifies signatures, and an ntfy receiver are each told
once that it began and once that it is over.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, main, need_root, read_alerts, stays, uptime, wait_for
from paths import Paths
from peers.nginx import Nginx


class ThreePaths(Case):
    def setUp(self):
        super().setUp()
        need_root()  # Postfix insists
        self.web = self.peer(Nginx()).start()
        self.paths = self.peer(Paths()).start()
        self.tocsin = self.agent()

    def start(self, **keys):
        probe = uptime("web", self.web.url, confirm=2, recover=2,
                       severity="critical",
                       runbook="https://wiki.example.org/web")
        probe.update(keys)
        self.tocsin.configure(probes=[probe],
                              channels=self.paths.channels())
        self.tocsin.start()
        self.tocsin.wait_standing("web", "ok")

    def told(self, event):
        """{channel: how often it was told of this event of web}."""
        return {name: sum(1 for seen in rows if seen.event == event
                          and seen.probe == "web")
                for name, rows in self.paths.seen().items()}

    def wait_told(self, event):
        wait_for(lambda: all(self.told(event).values()),
                 f"each path to be told of {event}", 60)

    def test_one_outage_is_one_story(self):
        self.start()
        self.web.halt()
        self.wait_told("opened")
        self.web.start()
        self.wait_told("resolved")
        self.tocsin.wait_standing("web", "ok")
        stays(lambda: set(self.told("opened").values()) == {1}
              and set(self.told("resolved").values()) == {1},
              3, "each path is told exactly once")
        incidents = self.tocsin.incidents(probe="web")
        self.assertEqual(len(incidents), 1)
        incident = self.tocsin.incident(incidents[0]["id"])
        self.assertEqual(incident["status"], "resolved")
        self.assertTrue(all(d["status"] == "delivered" and d["attempts"] == 1
                            for d in incident["deliveries"]),
                        incident["deliveries"])
        self.assertEqual(len(incident["deliveries"]), 6)
        self.judge_mails(incident["id"])
        self.tocsin.stop()
        self.assert_clean_log(self.tocsin)

    def judge_mails(self, identity):
        (_, first), (_, last) = self.paths.mails()
        self.assertEqual(len(self.paths.mail_protocols()), 2)
        self.assertEqual(first["Auto-Submitted"], "auto-generated")
        self.assertIn(first["Message-ID"], last["References"])
        self.assertIn(identity, first["Message-ID"])
        self.assertEqual(first.get_content_type(), "multipart/alternative")
        text = first.get_body(("plain",)).get_content()
        for needed in ("refused", self.web.url,
                       "https://wiki.example.org/web"):
            self.assertIn(needed, text)
        html = first.get_body(("html",)).get_content()
        self.assertIn("<html", html)
        self.assertTrue(all(d.verified for d in self.paths.hook.attempts()))
        titles = [p["title"] for p in self.paths.push.published("oncall")]
        self.assertEqual(len(titles), 2)

    def test_acknowledged_incidents_are_not_repeated(self):
        self.start(remind="2s", confirm=1)
        self.web.halt()
        self.wait_told("opened")
        self.wait_told("reminder")
        identity = self.tocsin.incidents(probe="web")[0]["id"]
        reply = self.tocsin.api(
            "POST", f"/api/v1/incidents/{identity}/acknowledge",
            {"actor": "kim", "text": "on it"})
        self.assertEqual(reply.status, 200, reply)
        wait_for(lambda: not self.tocsin.deliveries(status="pending"),
                 "what was under way")
        before = self.told("reminder")
        stays(lambda: self.told("reminder") == before, 5, "no more reminders")

    def test_a_parent_holds_back_its_childrens_alerts(self):
        child = self.peer(Nginx()).start()
        self.tocsin.configure(
            probes=[uptime("parent", self.web.url),
                    uptime("web", child.url, depends_on=["parent"],
                           confirm=2)],
            channels=self.paths.channels())
        self.tocsin.start()
        for name in ("parent", "web"):
            self.tocsin.wait_standing(name, "ok")
        self.web.halt()
        self.tocsin.wait_standing("parent", "failed")
        child.halt()
        self.tocsin.wait_standing("web", "failed")
        stays(lambda: not any(self.told("opened").values()), 3,
              "nobody is told of the child")
        # Its checks go on, its incident is there; when the parent is well
        # and the child is not, people hear of it.
        self.assertTrue(self.tocsin.incidents("unresolved", "web"))
        self.web.start()
        self.tocsin.wait_standing("parent", "ok")
        self.wait_told("opened")


class Routes(Case):
    def test_by_severity_and_label(self):
        bad = Nginx(status=500)
        self.peer(bad).start()
        files = {name: self.folder / f"{name}.jsonl"
                 for name in ("pager", "team", "rest")}
        agent = self.agent()
        agent.configure(
            probes=[uptime("a", bad.url, severity="critical"),
                    uptime("b", bad.url, severity="low",
                           labels={"team": "web"}),
                    uptime("c", bad.url, severity="low")],
            channels={name: {"kind": "file", "path": str(path)}
                      for name, path in files.items()},
            routes=[{"match": {"severity": ["critical"]},
                     "notify": ["pager"]},
                    {"match": {"labels": {"team": "web"}},
                     "notify": ["team"]},
                    {"notify": ["rest"]}])
        agent.start()
        for name in "abc":
            agent.wait_standing(name, "failed")
        wait_for(lambda: all(read_alerts(path) for path in files.values()),
                 "three alerts")
        stays(lambda: {n: [x["probe"]["name"] for x in read_alerts(p)]
                       for n, p in files.items()}
              == {"pager": ["a"], "team": ["b"], "rest": ["c"]}, 2,
              "each channel has its own")


if __name__ == "__main__":
    main()
