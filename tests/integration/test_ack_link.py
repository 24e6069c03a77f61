"""The one-tap acknowledge link: whoever has it may acknowledge one alarm, and
nothing else. Tokens are made here, beside the agent's own code."""
import base64
import hashlib
import hmac
import http.client
import pathlib
import stat
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import Case, PATIENCE, Reply, main, uptime, wait_for
from peers.nginx import Nginx

PUBLIC = "https://alerts.example.org"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
           "Host": "alerts.example.org"}
OTHER_KEY = bytes(range(40))
ALPHABET = (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            b"0123456789-_").decode()


def token(key, payload, ends_in=3600, purpose="ack"):
    raw = b"\x01" + (int(time.time()) + ends_in).to_bytes(8, "big")
    raw += payload.encode()
    mac = hmac.new(key, purpose.encode() + b"\0" + raw, hashlib.sha256)
    return base64.urlsafe_b64encode(
        raw + mac.digest()[:16]).rstrip(b"=").decode()


class AckLink(Case):
    def setUp(self):
        super().setUp()
        self.web = self.peer(Nginx()).start()
        self.tocsin = self.agent()

    def start(self, **agent):
        self.tocsin.configure(
            probes=[uptime("portal", self.web.url, severity="critical",
                           reopen_within="1h", flap_detection=False)],
            channels={"log": {"kind": "file",
                              "path": str(self.folder / "alerts.jsonl")}},
            agent={"name": "test-agent", "public_url": PUBLIC, **agent})
        self.tocsin.start()
        self.tocsin.wait_standing("portal", "ok")

    def open(self):
        """Let the portal fail; its incident."""
        self.web.answer(status=503)
        self.tocsin.wait_standing("portal", "failed")
        return self.tocsin.incidents(probe="portal")[0]

    def mend(self):
        self.web.answer(status=200)
        self.tocsin.wait_standing("portal", "ok")

    @property
    def key(self):
        return base64.b64decode(
            (self.tocsin.state / "state.db.link-key").read_text())

    def link(self, incident, alarm=1, channel="oncall-mail", **how):
        return "/ack/" + token(
            self.key, f"{incident['id']} {alarm} {channel}", **how)

    def ask(self, method, link, form=None, **headers):
        """As a browser does; header names with _ for -."""
        wanted = {**BROWSER}
        if form is not None:
            wanted["Content-Type"] = "application/x-www-form-urlencoded"
        wanted.update({k.replace("_", "-"): v for k, v in headers.items()})
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.tocsin.port, timeout=10 * PATIENCE)
        connection.request(method, link, body=form, headers=wanted)
        reply = Reply(connection.getresponse())
        connection.close()
        return reply

    def incident(self, incident):
        return self.tocsin.incident(incident["id"])

    def acknowledgements(self, incident):
        return [e["text"] for e in self.incident(incident)["timeline"]
                if e["event"] == "acknowledged"]

    def assert_open(self, incident):
        self.assertEqual(self.incident(incident)["status"], "open")
        self.assertEqual(self.acknowledgements(incident), [])

    # ---- what it is for ----

    def test_one_tap(self):
        self.start()
        incident = self.open()
        link = self.link(incident)
        page = self.ask("GET", link)
        self.assertEqual(page.status, 200)
        for text in ("portal is failing", "critical", incident["id"], "Since",
                     '<form method="post">', 'autocomplete="name"'):
            self.assertIn(text, page.text())
        self.assert_open(incident)
        done = self.ask("POST", link, "name=Anna+M%C3%BCller")
        self.assertEqual(done.status, 200)
        self.assertIn("Anna Müller (link in oncall-mail)", done.text())
        self.assertNotIn("<form", done.text())
        after = self.incident(incident)
        self.assertEqual(after["status"], "acknowledged")
        self.assertEqual(after["acknowledged_by"],
                         "Anna Müller (link in oncall-mail)")
        said = [e for e in after["timeline"] if e["event"] == "acknowledged"]
        self.assertEqual([e["text"] for e in said],
                         ["by Anna Müller (link in oncall-mail)"])
        self.assertGreaterEqual(said[0]["at"], after["acknowledged_at"])

    def test_without_a_name(self):
        self.start()
        incident = self.open()
        for form in ("", "name=", "name=+%09+", "other=1", "%%%&=&=="):
            with self.subTest(form=form):
                reply = self.ask("POST", self.link(incident), form)
                self.assertEqual(reply.status, 200, reply)
                self.assertEqual(self.incident(incident)["acknowledged_by"],
                                 "link in oncall-mail")
        self.assertEqual(len(self.acknowledgements(incident)), 1)

    def test_a_program_gets_json(self):
        self.start()
        incident = self.open()
        link = self.link(incident, channel="pager")
        reply = self.ask("POST", link, Accept="*/*")
        self.assertEqual((reply.status, reply.headers["Content-Type"]),
                         (200, "application/json"))
        self.assertEqual(
            {k: reply.json()[k] for k in ("status", "incident",
                                          "acknowledged_by")},
            {"status": "acknowledged", "incident": incident["id"],
             "acknowledged_by": "link in pager"})
        self.assertEqual(self.ask("POST", "/ack/x", Accept="*/*").json()
                         .keys(), {"error"})

    def test_names_are_text_and_nothing_else(self):
        self.start()
        incident = self.open()
        reply = self.ask("POST", self.link(incident), "name="
                         "%3Cscript%3E%22%27%0d%0aSet-Cookie:x%00%1b%5b2J"
                         + "x" * 4000)
        self.assertEqual(reply.status, 200)
        self.assertNotIn("<script>", reply.text())
        self.assertIn("&lt;script&gt;", reply.text())
        self.assertNotIn("Set-Cookie", reply.headers)
        by = self.incident(incident)["acknowledged_by"]
        self.assertLess(len(by.encode()), 64)
        self.assertTrue(by.endswith(" (link in oncall-mail)"), by)
        self.assertTrue(by.isprintable(), by)

    def test_the_longest_channel_name(self):
        self.start()
        incident = self.open()
        link = self.link(incident, channel="c" * 63)
        self.assertEqual(self.ask("POST", link, "name=anna").status, 200)
        by = self.incident(incident)["acknowledged_by"]
        self.assertTrue(by.startswith("anna (link in ccc"), by)

    # ---- who must not acknowledge ----

    def test_scanners_and_previews_acknowledge_nothing(self):
        self.start()
        incident = self.open()
        link = self.link(incident)
        for _ in range(3):
            self.assertEqual(self.ask("GET", link).status, 200)
            head = self.ask("HEAD", link)
            self.assertEqual((head.status, head.body), (200, b""))
        for name, value in (("Purpose", "prefetch"), ("X_Moz", "prefetch"),
                            ("Sec_Purpose", "prefetch;prerender"),
                            ("X_Purpose", "preview")):
            self.assertEqual(
                self.ask("GET", link, **{name: value}).status, 200)
            reply = self.ask("POST", link, "", **{name: value})
            self.assertEqual(reply.status, 403, name)
            self.assertIn("ahead of time", reply.text())
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
            reply = self.ask(method, link)
            self.assertEqual((reply.status, reply.headers.get("Allow")),
                             (405, "GET, HEAD, POST"), method)
            self.assertIn("Nothing was acknowledged", reply.text())
        self.assert_open(incident)

    def test_tampering_with_every_character(self):
        self.start()
        incident = self.open()
        good = self.link(incident)
        for i in range(len("/ack/"), len(good)):
            other = ALPHABET[(ALPHABET.index(good[i]) + 1 + i) % 64]
            if other == good[i]:
                other = "A" if good[i] != "A" else "B"
            reply = self.ask("POST", good[:i] + other + good[i + 1:], "")
            self.assertEqual(reply.status, 403, i)
        self.assertIn("Not a link of ours", reply.text())
        self.assertNotIn("portal", reply.text())
        for bad in (good + "A", good[:-1], good + "=", good + "/", "/ack/",
                    good + "%00", good.replace("/ack/", "/ack//"),
                    "/ack/" + "A" * 5000, "/ack/..%2f..%2fhealthz",
                    "/ack/%ff%fe", good[:40] + "%20" + good[40:]):
            self.assertIn(self.ask("POST", bad, "").status, (403, 400), bad)
        self.assert_open(incident)
        self.assertNotIn("/ack/", self.tocsin.log())
        self.assertEqual(self.ask("POST", good, "").status, 200)

    def test_tokens_of_others(self):
        self.start()
        incident = self.open()
        payload = f"{incident['id']} 1 oncall-mail"
        for bad in (token(OTHER_KEY, payload),
                    token(self.key, payload, purpose="push-invite"),
                    token(self.key, payload, purpose=""),
                    token(self.key, ""),
                    token(self.key, incident["id"]),
                    token(self.key, f"{incident['id']} -1 mail"),
                    token(self.key, f"{incident['id']} 1x mail"),
                    token(self.key, f"{incident['id']}0 1 mail")):
            self.assertEqual(self.ask("POST", "/ack/" + bad, "").status, 403)
        self.assert_open(incident)

    def test_expired(self):
        self.start()
        incident = self.open()
        for ends_in in (-1, -86400):
            for method in ("GET", "POST"):
                reply = self.ask(method, self.link(incident, ends_in=ends_in))
                self.assertEqual(reply.status, 410)
                self.assertIn("too old", reply.text())
                self.assertNotIn("portal", reply.text())
        self.assert_open(incident)

    def test_no_such_incident(self):
        self.start()
        incident = self.open()
        for identity in ("0000000000", incident["id"][:9], "%", "_" * 10):
            link = self.link({"id": identity})
            for method in ("GET", "POST"):
                reply = self.ask(method, link)
                self.assertEqual(reply.status, 404, identity)
                self.assertIn("No such incident", reply.text())
        self.assert_open(incident)

    # ---- once, and for one alarm ----

    def test_replay_changes_nothing(self):
        self.start()
        incident = self.open()
        link = self.link(incident)
        self.assertEqual(self.ask("POST", link, "name=anna").status, 200)
        first = self.incident(incident)
        again = self.ask("POST", link, "name=anna")
        self.assertEqual(again.status, 200)
        self.assertIn("nothing was changed", again.text())
        for form in ("name=kim", ""):
            other = self.ask("POST", link, form)
            self.assertEqual(other.status, 409)
            self.assertIn("anna (link in oncall-mail)", other.text())
            self.assertIn("Nothing was changed", other.text())
        page = self.ask("GET", link)
        self.assertEqual(page.status, 200)
        self.assertIn("anna (link in oncall-mail)", page.text())
        self.assertNotIn("<form", page.text())
        after = self.incident(incident)
        self.assertEqual(after["timeline"], first["timeline"])
        self.assertEqual(after["acknowledged_at"], first["acknowledged_at"])

    def test_acknowledged_elsewhere(self):
        self.start()
        incident = self.open()
        self.tocsin.cli("incident", "ack", "-c", self.tocsin.config_file,
                        "--by", "kim", incident["id"], check=0)
        reply = self.ask("POST", self.link(incident), "name=anna")
        self.assertEqual(reply.status, 409)
        self.assertIn("kim", reply.text())
        self.assertEqual(self.incident(incident)["acknowledged_by"], "kim")

    def test_an_earlier_alarm(self):
        self.start()
        incident = self.open()
        old = self.link(incident)
        self.assertEqual(self.ask("POST", old, "name=anna").status, 200)
        self.mend()
        self.assertEqual(self.open()["id"], incident["id"])
        self.assertEqual(self.incident(incident)["status"], "open")
        for method in ("GET", "POST"):
            reply = self.ask(method, old, "" if method == "POST" else None)
            self.assertEqual(reply.status, 410)
            self.assertIn("earlier alarm", reply.text())
        self.assertEqual(self.incident(incident)["status"], "open")
        self.assertEqual(
            self.ask("POST", self.link(incident, 3), "").status, 410)
        new = self.link(incident, 2)
        self.assertEqual(self.ask("POST", new, "name=anna").status, 200)
        self.assertEqual(len(self.acknowledgements(incident)), 2)

    def test_resolved(self):
        self.start()
        incident = self.open()
        self.mend()
        for method, status in (("GET", 200), ("POST", 409)):
            reply = self.ask(method, self.link(incident))
            self.assertEqual(reply.status, status)
            self.assertIn("It is over", reply.text())
            self.assertNotIn("<form", reply.text())
        self.assertEqual(self.incident(incident)["status"], "resolved")
        self.assertEqual(self.acknowledgements(incident), [])

    def test_after_a_restart(self):
        self.start()
        incident = self.open()
        link = self.link(incident)
        before = self.key
        self.tocsin.kill()
        self.tocsin.start()
        self.assertEqual(self.key, before)
        self.assertEqual(self.ask("POST", link, "name=anna").status, 200)

    # ---- how it is served ----

    def test_headers(self):
        self.start()
        incident = self.open()
        for reply in (self.ask("GET", self.link(incident)),
                      self.ask("GET", "/ack/nonsense"),
                      self.ask("POST", self.link(incident), "")):
            headers = reply.headers
            style = reply.text().split("<style>")[1].split("</style>")[0]
            digest = base64.b64encode(
                hashlib.sha256(style.encode()).digest()).decode()
            self.assertEqual(
                headers["Content-Security-Policy"],
                f"default-src 'none'; style-src 'sha256-{digest}'; "
                "form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'")
            self.assertEqual(
                [headers[name] for name in (
                    "Cache-Control", "Referrer-Policy", "X-Frame-Options",
                    "X-Content-Type-Options", "Content-Type")],
                ["no-store", "no-referrer", "DENY", "nosniff",
                 "text/html; charset=utf-8"])
            self.assertIn("noindex", headers["X-Robots-Tag"])
            for outside in ("http://", "https://", "<script", " style=",
                            "<img", "url("):
                self.assertNotIn(outside, reply.text())

    def test_needs_no_api_token_by_any_name(self):
        self.tocsin.configure()
        self.start()
        config = self.tocsin.config_file.read_text()
        self.tocsin.write_config(config.replace(
            '"listen":', '"token": "a-token-of-no-value-0", "listen":'))
        self.tocsin.reload()
        self.tocsin.wait_log("configuration reloaded")
        incident = self.open()
        for host in ("alerts.example.org", "10.1.2.3:8443", "localhost"):
            reply = self.ask("GET", self.link(incident), Host=host)
            self.assertEqual(reply.status, 200, host)
        # … and the rest is as closed as before.
        self.assertEqual(self.ask("GET", "/api/v1/status").status, 421)
        self.assertEqual(
            self.ask("POST", f"/api/v1/incidents/{incident['id']}/acknowledge",
                     "{}", Host="localhost").status, 401)

    def test_a_flood_of_bad_links(self):
        self.start()
        incident = self.open()
        size = self.tocsin.log_file.stat().st_size
        for n in range(300):
            self.assertEqual(
                self.ask("POST", f"/ack/{'A' * 60}{n:04}", "").status, 403)
        self.assertLess(self.tocsin.log_file.stat().st_size - size, 4000)
        self.assertEqual(
            self.ask("POST", self.link(incident), "").status, 200)

    # ---- the key ----

    def test_the_key_is_private_and_secret(self):
        self.start()
        file = self.tocsin.state / "state.db.link-key"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(len(self.key), 32)
        text = file.read_text().strip()
        self.assertNotIn(text, self.tocsin.log())
        self.assertEqual(
            [f for f in self.tocsin.state.iterdir()
             if f.is_file() and f != file
             and (text.encode() in f.read_bytes()
                  or self.key in f.read_bytes())], [])

    def refuses_to_start(self, what):
        self.tocsin.start(wait=False)
        self.assertEqual(self.tocsin.wait_end(), 2)
        self.assertIn(what, self.tocsin.log())
        self.assertIn("state.db.link-key", self.tocsin.log())

    def test_a_key_that_others_can_read_is_refused(self):
        self.start()
        self.tocsin.stop()
        file = self.tocsin.state / "state.db.link-key"
        file.chmod(0o640)
        self.refuses_to_start("others may read")

    def test_a_damaged_key_is_refused(self):
        self.start()
        self.tocsin.stop()
        (self.tocsin.state / "state.db.link-key").write_text("c2hvcnQ=\n")
        self.refuses_to_start("is damaged")

    def test_a_key_from_the_configuration(self):
        secret = self.folder / "link-key"
        secret.write_text(base64.b64encode(OTHER_KEY).decode() + "\n")
        secret.chmod(0o600)
        self.start(link_key="${file:%s}" % secret)
        incident = self.open()
        payload = f"{incident['id']} 1 mail"
        self.assertEqual(self.ask(
            "POST", "/ack/" + token(self.key, payload), "").status, 403)
        self.assertEqual(self.ask(
            "POST", "/ack/" + token(OTHER_KEY, payload), "").status, 200)
        self.tocsin.stop()
        secret.write_text("too short\n")
        done = self.tocsin.cli(
            "config", "check", "-c", self.tocsin.config_file)
        self.assertEqual(done.returncode, 2)
        self.assertIn("agent.link_key: must be the Base64 of 32 to 64",
                      done.stdout + done.stderr)
        self.assertNotIn("too short", done.stdout + done.stderr)


if __name__ == "__main__":
    main()
