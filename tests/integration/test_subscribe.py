#!/usr/bin/python3
"""Browsers subscribe to a webpush channel over a real agent's HTTP, get what
they subscribed to, and go."""
import base64
import hashlib
import hmac
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main, uptime, wait_for  # noqa: E402
from peers.webpush import (VAPID_PRIVATE, VAPID_PUBLIC,  # noqa: E402
                           WebPush, identity)

LINK_KEY = bytes(range(40))
MANY = 200


def forge(payload, ends_in=3600, purpose="push", key=LINK_KEY):
    raw = b"\x01" + (int(time.time()) + ends_in).to_bytes(8, "big")
    raw += payload.encode()
    mac = hmac.new(key, purpose.encode() + b"\0" + raw, hashlib.sha256)
    return base64.urlsafe_b64encode(
        raw + mac.digest()[:16]).rstrip(b"=").decode()


class Subscribe(Case):
    def setUp(self):
        super().setUp()
        self.service = self.peer(WebPush().start())
        self.tocsin = self.agent()
        self.public = f"http://127.0.0.1:{self.tocsin.port}"

    def start(self, probes=(), **channel):
        self.tocsin.configure(
            probes, {"browsers": {
                "kind": "webpush", "private_key": VAPID_PRIVATE,
                "subject": "mailto:ops@example.org", "allow_http": True,
                "allow_addresses": ["127.0.0.0/8"], **channel},
                "log": {"kind": "file",
                        "path": str(self.folder / "alerts.jsonl")}},
            agent={"name": "test-agent", "public_url": self.public,
                   "link_key": base64.b64encode(LINK_KEY).decode()})
        self.tocsin.start()

    def invite(self):
        """The path of a fresh invitation."""
        done = self.tocsin.cli("channel", "invite", "-c",
                               self.tocsin.config_file, "--json", "browsers",
                               check=0)
        url = json.loads(done.stdout)["url"]
        self.assertTrue(url.startswith(self.public + "/push/"), url)
        return url.removeprefix(self.public)

    def post(self, path, body, **headers):
        return self.tocsin.tcp("POST", path, body, headers)

    def subscribe(self, subscriber=None, expect=201):
        subscriber = subscriber or self.service.subscribe()
        reply = self.post(self.invite() + "/subscribe",
                          self.service.browser(subscriber))
        self.assertEqual(reply.status, expect, reply)
        return subscriber

    def subscribers(self):
        done = self.tocsin.cli("channel", "subscribers", "-c",
                               self.tocsin.config_file, "--json", "browsers",
                               check=0)
        return json.loads(done.stdout)["subscribers"]

    def ids(self):
        return [row["id"] for row in self.subscribers()]

    def test_from_the_invitation_to_the_alert(self):
        self.start([uptime("gone", "http://127.0.0.1:1/",
                           severity="critical")])
        alice = self.subscribe()
        got, = self.service.wait_messages(1)
        push, = self.service.open([got])
        self.assertTrue(push["verified"])
        shown = json.loads(push["text"])
        self.assertEqual(shown["title"], "[CRITICAL] gone is failing")
        self.assertTrue(shown["acknowledge"].startswith(self.public + "/ack/"))
        self.assertIn("/incidents/", shown["link"])
        rows = self.tocsin.deliveries(channel="browsers", status="delivered")
        self.assertEqual(len(rows), 1, rows)
        self.assertEqual(rows[0]["detail"], "1 of 1 took it")
        # What a browser gave is nobody's to see.
        self.tocsin.stop()
        secret = alice["endpoint"].rsplit("/", 1)[1]
        for told in (self.tocsin.log(), (self.folder / "alerts.jsonl")
                     .read_text()):
            self.assertNotIn(secret, told)
            self.assertNotIn(alice["auth"], told)

    def test_who_waits_for_a_subscriber(self):
        self.start([uptime("gone", "http://127.0.0.1:1/")])
        pending = wait_for(
            lambda: [d for d in self.tocsin.deliveries(channel="browsers")
                     if d["attempts"] > 0], "a first attempt")
        self.assertIn("tocsin channel invite", pending[0]["detail"])
        self.subscribe()
        self.service.wait_messages(1)

    def test_the_page(self):
        self.start()
        path = self.invite()
        reply = self.tocsin.tcp("GET", path)
        self.assertEqual(reply.status, 200)
        self.assertIn(f'data-key="{VAPID_PUBLIC}"', reply.text())
        self.assertIn("browsers", reply.text())
        policy = reply.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "script-src 'self'",
                     "frame-ancestors 'none'"):
            self.assertIn(rule, policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(reply.headers["Referrer-Policy"], "no-referrer")
        self.assertNotRegex(reply.text(), r'(src|href)="[a-z]*:?//')
        for name, kind in (("page.js", "text/javascript"),
                           ("worker.js", "text/javascript"),
                           ("app.webmanifest", "application/manifest+json")):
            reply = self.tocsin.tcp("GET", f"/push/{name}")
            self.assertEqual(reply.status, 200)
            self.assertTrue(reply.headers["Content-Type"].startswith(kind))
        plain = self.tocsin.tcp("GET", "/push/")
        self.assertEqual(plain.status, 200)
        self.assertIn('data-key=""', plain.text())

    def test_only_an_invitation_of_ours(self):
        self.start()
        good = self.invite().removeprefix("/push/")
        at = len(good) // 2
        other = "A" if good[at] != "A" else "B"
        cases = (
            (good[:at] + other + good[at + 1:], 403),
            (good[:-1], 403), ("", 403), ("nonsense", 403),
            (forge("browsers", key=b"k" * 32), 403),
            (forge("browsers", purpose="ack"), 403),
            (forge("browsers", ends_in=-1), 410),
            (forge("log"), 403), (forge("no-such"), 403))
        alice = self.service.browser(self.service.subscribe())
        for token, status in cases:
            with self.subTest(token):
                reply = self.post(f"/push/{token}/subscribe", alice)
                self.assertEqual(reply.status, status, reply)
                self.assertIn("error", reply.json())
        for token, status in ((good[:-1], 403), (forge("no-such"), 404),
                              (forge("browsers", ends_in=-1), 410),
                              (forge("browsers"), 200)):
            reply = self.tocsin.tcp("GET", f"/push/{token}")
            self.assertEqual(reply.status, status, reply)
        self.assertEqual(self.subscribers(), [])
        self.assertEqual(
            self.tocsin.tcp("DELETE", "/push/x").status, 405)

    def test_what_is_no_subscription(self):
        self.start()
        path = self.invite() + "/subscribe"
        good = self.service.browser(self.service.subscribe())
        bad = [dict(good, endpoint="ftp://push.example.net/x"),
               dict(good, endpoint="http://user@127.0.0.1/x"),
               dict(good, endpoint="https://push.example.net/" + "x" * 2048),
               dict(good, keys={}),
               dict(good, keys=dict(good["keys"], auth="AAAA")),
               dict(good, keys=dict(good["keys"], p256dh="B" + "A" * 86)),
               {}, {"endpoint": 1}]
        for wrong in bad:
            reply = self.post(path, wrong)
            self.assertEqual(reply.status, 400, reply)
            self.assertNotIn(good["keys"]["auth"], reply.text())
        # A form of another site cannot be taken for the page.
        reply = self.post(path, good, **{"Content-Type": "text/plain"})
        self.assertEqual(reply.status, 415, reply)
        self.assertEqual(self.post(path, dict(good, more="x" * 20000)).status,
                         413)
        self.assertEqual(self.subscribers(), [])

    def test_plain_http_is_not_for_everybody(self):
        self.start(allow_http=False)
        self.subscribe(expect=400)

    def test_people_see_a_host_and_an_id(self):
        self.start()
        alice = self.subscribe()
        row, = self.subscribers()
        self.assertEqual(set(row), {"id", "host", "subscribed_at"})
        self.assertEqual(row["id"], identity(alice["endpoint"]))
        self.assertEqual(row["host"], "127.0.0.1")
        # Not even that without the right.
        reply = self.tocsin.tcp("GET", "/api/v1/channels/browsers/subscribers")
        self.assertEqual(reply.status, 401)

    def test_again_is_once_and_a_restart_forgets_nobody(self):
        self.start()
        alice = self.subscribe()
        self.subscribe(alice)
        bob = self.subscribe()
        self.assertCountEqual(self.ids(), [alice["id"], bob["id"]])
        self.tocsin.kill()
        self.tocsin.start()
        self.assertCountEqual(self.ids(), [alice["id"], bob["id"]])

    def test_who_left_is_forgotten(self):
        self.start()
        alice, bob = self.subscribe(), self.subscribe()
        self.service.answers[bob["endpoint"]] = ("status", 410)
        done = self.tocsin.cli("channel", "test", "-c",
                               self.tocsin.config_file, "browsers")
        self.assertIn("1 of 2 took it; 1 gone", done.stdout)
        self.assertEqual(self.ids(), [alice["id"]])

    def test_an_operator_removes_somebody(self):
        self.start()
        alice = self.subscribe()
        words = ("channel", "unsubscribe", "-c", self.tocsin.config_file,
                 "browsers")
        self.tocsin.cli(*words, alice["id"], check=0)
        self.assertEqual(self.subscribers(), [])
        done = self.tocsin.cli(*words, alice["id"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("has no subscriber", done.stderr)

    def test_a_browser_leaves_by_its_own_secret(self):
        self.start()
        alice = self.subscribe()
        browser = self.service.browser(alice)
        stranger = json.loads(json.dumps(browser))
        stranger["keys"]["auth"] = self.service.subscribe()["auth"]
        for who, left in ((stranger, [alice["id"]]), (browser, []),
                          (browser, [])):
            reply = self.post("/push/unsubscribe", who)
            self.assertEqual(reply.status, 200, reply)
            self.assertEqual(reply.json(), {"subscribed": False})
            self.assertEqual(self.ids(), left)

    def test_a_browser_moves(self):
        self.start()
        old, new = self.subscribe(), self.service.subscribe()
        move = {"old": self.service.browser(old),
                "new": self.service.browser(new)}
        wrong = {"old": dict(move["old"], keys=move["new"]["keys"]),
                 "new": move["new"]}
        self.assertEqual(self.post("/push/renew", wrong).status, 404)
        self.assertEqual(self.post("/push/renew", {"new": 1}).status, 400)
        self.assertEqual(self.ids(), [old["id"]])
        self.assertEqual(self.post("/push/renew", move).status, 200)
        self.assertEqual(self.ids(), [new["id"]])
        self.assertEqual(self.post("/push/renew", move).status, 404)

    def test_a_channel_has_room_for_so_many(self):
        self.start()
        path = self.invite() + "/subscribe"
        first = self.service.subscribe()
        for i in range(MANY):
            one = first if i == 0 else self.service.subscribe()
            reply = self.post(path, self.service.browser(one))
            self.assertEqual(reply.status, 201, reply)
        one_more = self.service.browser(self.service.subscribe())
        reply = self.post(path, one_more)
        self.assertEqual(reply.status, 409, reply)
        self.assertIn("200 subscribers", reply.json()["error"])
        # Who is in may come again.
        again = self.post(path, self.service.browser(first))
        self.assertEqual(again.status, 201, again)
        # And all of them get what is said, in one message to the worker.
        self.tocsin.cli("channel", "test", "-c", self.tocsin.config_file,
                        "browsers", timeout=90, check=0)
        self.assertEqual(len(self.service.messages()), MANY)

    def test_what_cannot_be_invited_to(self):
        self.start()
        for name, says in (("log", "takes no subscribers"),
                           ("nobody", "there is no channel")):
            done = self.tocsin.cli("channel", "invite", "-c",
                                   self.tocsin.config_file, name)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(says, done.stderr)

    def test_a_new_key_pair(self):
        done = self.tocsin.cli("channel", "vapid-key", "--json", check=0)
        pair = json.loads(done.stdout)
        self.start(private_key=pair["private_key"])
        reply = self.tocsin.tcp("GET", self.invite())
        self.assertIn(f'data-key="{pair["public_key"]}"', reply.text())


if __name__ == "__main__":
    main()
