"""Incidents opened by hand: told, acknowledged and closed like others."""
import concurrent.futures
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, STATUS_FAILED, main, read_alerts, wait_for
from peers.webhook import SECRET, Webhook

PUBLIC = "https://alerts.example.org"


class ByHand(Case):
    def setUp(self):
        super().setUp()
        self.tocsin = self.agent()
        self.alerts = self.folder / "alerts.jsonl"
        self.other = self.folder / "other.jsonl"

    def start(self, routes=None, **top):
        self.tocsin.configure(
            channels={"log": {"kind": "file", "path": str(self.alerts)},
                      "other": {"kind": "file", "path": str(self.other)}},
            routes=routes or [{"notify": ["log"]}],
            agent={"name": "test-agent", "public_url": PUBLIC}, **top)
        self.tocsin.start()

    def post(self, body, status=201):
        reply = self.tocsin.api("POST", "/api/v1/incidents", body)
        self.assertIn(reply.status, [status] if status else [200, 201], reply)
        return reply.json()

    def wait_told(self, count, file=None):
        return wait_for(lambda: len(found := read_alerts(
            file or self.alerts)) >= count and found, f"{count} messages")

    def cli(self, *words, check=0):
        command, rest = words[:2], words[2:]
        return self.tocsin.cli(*command, "-c", self.tocsin.config_file, *rest,
                               check=check)

    def test_the_whole_way(self):
        self.start()
        done = self.cli(
            "incident", "open", "--severity", "critical", "--label",
            "team=web", "--label", "site=b=c", "--component", "Patient portal",
            "--text", "two wards call", "--runbook", "https://wiki/portal",
            "--by", "kim", "Nobody", "can", "log in")
        identity, rest = done.stdout.split(" ", 1)
        self.assertEqual(
            rest, "opened (critical, open): Nobody can log in\n")
        message = self.wait_told(1)[0]
        self.assertEqual(message["event"], "opened")
        self.assertEqual(message["actor"], "kim")
        self.assertEqual(message["note"], "two wards call")
        incident, probe = message["incident"], message["probe"]
        self.assertEqual(
            (incident["id"], incident["title"], incident["severity"]),
            (identity, "Nobody can log in", "critical"))
        self.assertEqual(
            (probe["name"], probe["kind"], probe["component"],
             probe["runbook"], probe["labels"]),
            ("manual", "manual", "Patient portal", "https://wiki/portal",
             {"team": "web", "site": "b=c"}))
        self.assertEqual(message["timeline"][-1]["text"],
                         "kim: two wards call")
        self.cli("incident", "ack", "--by", "anna", identity)
        self.cli("incident", "note", "--by", "anna", identity, "a bad deploy")
        self.cli("incident", "resolve", "--by", "anna", identity, "rolled back")
        told = self.wait_told(4)
        self.assertEqual([m["event"] for m in told],
                         ["opened", "acknowledged", "note", "resolved"])
        # What it is about is in every message of it.
        self.assertEqual([m["probe"] for m in told], [probe] * 4)
        row = self.tocsin.incident(identity)
        self.assertEqual((row["status"], row["acknowledged_by"]),
                         ("resolved", "anna"))

    def test_only_people_resolve_it(self):
        self.start()
        opened = self.post({"title": "flood in the cellar"})
        self.tocsin.stop()
        self.tocsin.start()
        self.tocsin.kill()
        self.tocsin.start()
        row = self.tocsin.incident(opened["id"])
        self.assertEqual(row["status"], "open")
        self.cli("incident", "resolve", opened["id"], "pumped out")
        self.assertEqual([m["event"] for m in self.wait_told(2)],
                         ["opened", "resolved"])

    def test_routes_and_escalation(self):
        self.start(routes=[
            {"match": {"kind": "manual", "labels": {"team": "w*"}},
             "notify": ["log"],
             "escalate": [{"after": "1s", "notify": ["other"]}]},
            {"match": {"probe": "desk", "component": "Portal*"},
             "notify": ["other"]},
            {"notify": []}])
        self.post({"title": "a", "labels": {"team": "web"}})
        self.wait_told(1)
        self.assertEqual(self.wait_told(1, self.other)[0]["event"],
                         "escalated")
        self.post({"title": "b", "probe": "desk", "component": "Portal 2"})
        self.wait_told(2, self.other)
        self.post({"title": "c", "probe": "desk"})
        self.post({"title": "d", "labels": {"team": "web"}})
        self.assertEqual([m["incident"]["title"] for m in self.wait_told(2)],
                         ["a", "d"])

    def test_a_link_acknowledges_it(self):
        self.start()
        opened = self.post({"title": "x"})
        link = self.wait_told(1)[0]["incident"]["acknowledge_url"]
        self.assertTrue(link.startswith(PUBLIC + "/ack/"), link)
        reply = self.tocsin.tcp("POST", link.removeprefix(PUBLIC))
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual(
            self.tocsin.incident(opened["id"])["acknowledged_by"],
            "link in log")
        told = self.wait_told(2)
        self.assertEqual(told[1]["event"], "acknowledged")
        self.assertEqual(told[1]["incident"]["acknowledge_url"], "")

    def test_links_lie_nowhere_but_in_messages(self):
        self.start()
        self.post({"title": "x"})
        link = self.wait_told(1)[0]["incident"]["acknowledge_url"]
        token = link.rsplit("/", 1)[1]
        self.assertNotIn(token, self.tocsin.log())
        self.tocsin.stop()
        for file in self.tocsin.state.iterdir():
            self.assertNotIn(token.encode(), file.read_bytes(), file)

    def test_a_key_opens_one(self):
        self.start()
        body = {"title": "x", "key": "ticket-7"}
        first = self.post(body)
        again = self.post({**body, "severity": "critical"}, status=200)
        self.assertEqual(
            (again["id"], again["created"], again["severity"]),
            (first["id"], False, "high"))
        other = self.post({**body, "key": "ticket-8"})
        self.assertNotEqual(other["id"], first["id"])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.post(body, status=200)["id"], first["id"])
        self.cli("incident", "resolve", first["id"])
        third = self.post(body)
        self.assertNotEqual(third["id"], first["id"])
        done = self.cli("incident", "open", "--key", "ticket-7", "x")
        self.assertEqual(
            done.stdout, f"{third['id']} is open already (high, open): x\n")

    def test_many_at_once(self):
        self.start()
        many = [{"title": f"n{n}", "key": f"k{n % 30}"} for n in range(40)]
        reply = self.post({"incidents": many})["incidents"]
        self.assertEqual([o["created"] for o in reply],
                         [True] * 30 + [False] * 10)
        self.assertEqual(reply[0]["id"], reply[30]["id"])
        self.assertEqual(len({m["incident"]["id"]
                              for m in self.wait_told(30)}), 30)

    def test_what_is_refused(self):
        self.start()
        cases = [
            ({}, "title: required"),
            ({"title": ""}, "title:"),
            ({"title": " \n\t"}, "title: says nothing"),
            ({"title": "x" * 151}, "title:"),
            ({"title": "x", "text": "x" * 391}, "text:"),
            ({"title": "x", "severity": "bad"}, "severity:"),
            ({"title": "x", "probe": "No Name"}, "probe:"),
            ({"title": "x", "probe": "tocsin/store"}, "probe:"),
            ({"title": "x", "runbook": "javascript:alert(1)"}, "runbook:"),
            ({"title": "x", "labels": {str(n): "v" for n in range(51)}},
             "labels:"),
            ({"title": "x", "labels": [1]}, "labels:"),
            ({"title": "x", "sevrity": "low"}, "did you mean severity"),
            ({"title": "x", "actor": ""}, "actor:"),
            ({"title": "x", "key": "k" * 201}, "key:"),
            ({"incidents": []}, "incidents:"),
            ({"incidents": {}}, "incidents:"),
            ({"incidents": [{"title": "x"}], "title": "y"}, "title"),
            ({"incidents": [{"title": "fine"}, {"title": 7}]},
             "incidents[1]: title:"),
            ({"incidents": [{"title": "x"}] * 5001}, "1 to 5000"),
        ]
        for body, text in cases:
            answer = self.post(body, status=400)["error"]
            self.assertIn(text, answer)
            self.assertLess(len(answer), 600)
        self.assertEqual(self.tocsin.incidents(), [])
        for words, text in ((["--label", "team", "x"], "NAME=VALUE"),
                            (["--label", "=x", "x"], "NAME=VALUE"),
                            (["--severity", "bad", "x"], "severity:"),
                            ([], "usage")):
            done = self.cli("incident", "open", *words, check=STATUS_FAILED)
            self.assertIn(text, done.stdout + done.stderr)

    def test_hostile_text_is_only_text(self):
        self.start()
        self.post({"title": "\x1b[2J<b>\r\nBcc: x", "text": "a\x01b\x07",
                   "actor": "k\nim", "labels": {"<b>": "\x1b"}})
        message = self.wait_told(1)[0]
        for text in (message["incident"]["title"],
                     message["observation"]["reason"], message["actor"]):
            self.assertTrue(text.isprintable(), repr(text))
        self.assertNotIn("\x1b", self.tocsin.log())

    def test_needs_the_token(self):
        token = "a-token-of-no-value-0123456789"
        self.start(http={"listen": f"127.0.0.1:{self.tocsin.port}",
                         "token": token})
        self.assertEqual(self.tocsin.tcp(
            "POST", "/api/v1/incidents", {"title": "x"}).status, 401)
        self.assertEqual(self.tocsin.tcp(
            "POST", "/api/v1/incidents", {"title": "x"},
            {"Authorization": f"Bearer {token}"}).status, 201)

    def test_who_asks_and_goes(self):
        self.start()
        body = b'{"title": "x"}'
        for n in range(60):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(str(self.tocsin.state / "control.sock"))
                raw.sendall(b"POST /api/v1/incidents HTTP/1.1\r\nHost: x\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body)
                            + body[:n] + (b"more" if n % 3 else b""))
        wait_for(lambda: len(self.tocsin.incidents()) >= 46, "the incidents")
        self.tocsin.stop()
        self.assert_clean_log(self.tocsin)

    def test_many_ask_at_the_same_time(self):
        """One write to the disk is for all of them, and each has its answer."""
        self.start()

        def ask(n):
            return self.post({"title": f"n{n}", "key": f"k{n % 50}"},
                             status=None)["id"]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            ids = list(pool.map(ask, range(100)))
        self.assertEqual(ids[:50], ids[50:])
        self.assertEqual(len(set(ids)), 50)
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual({i["id"] for i in self.tocsin.incidents()}, set(ids))

    def test_kept_before_it_is_answered(self):
        hook = self.peer(Webhook(answer=("hang",)))
        hook.start()
        self.tocsin.configure(channels={"hook": {
            "kind": "webhook", "secret": SECRET, "url": hook.url,
            "allow_addresses": ["127.0.0.0/8"], "allow_http": True}})
        self.tocsin.start()
        opened = [self.post({"title": f"n{n}"})["id"] for n in range(10)]
        self.tocsin.kill()
        hook.answer = ("status", 200)
        self.tocsin.start()
        hook.wait_messages(10)
        self.assertEqual({m.data["incident"]["id"] for m in hook.messages()},
                         set(opened))


if __name__ == "__main__":
    main()
