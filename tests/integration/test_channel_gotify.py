#!/usr/bin/python3
"""The gotify channel against a server with Gotify's rules."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main, uptime  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.gotify import TOKEN, Gotify  # noqa: E402

LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}


class GotifyChannel(Case):
    def server(self, **options):
        return self.peer(Gotify(**options).start())

    def deliver(self, server, what=None, timeout_ms=60000, **config):
        worker = PathWorker("gotify", {
            "url": server.url, "token": TOKEN, **LOOPBACK, **config})
        self.addCleanup(worker.stop)
        receipt = worker.deliver(what or message(), timeout_ms)
        worker.end()
        return receipt

    def test_every_byte(self):
        server = self.server()
        made = message(channel="pager")
        made["incident"]["url"] = "https://tocsin.example.org/incidents/7k3q"
        made["incident"]["acknowledge_url"] = "https://tocsin.example.org/a/x"
        receipt = self.deliver(server, made)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["remote_id"], "1")
        got, = server.messages()
        self.assertEqual(got.path, "/message")
        self.assertEqual(got.headers["x-gotify-key"], TOKEN)
        self.assertEqual(got.headers["x-idempotency-key"], made["delivery"])
        self.assertNotIn("authorization", got.headers)
        self.assertEqual(got.json(), {
            "title": "[CRITICAL] portal is failing",
            "message": "connect to 192.0.2.7:443 refused\n"
                       "https://portal.example.org/health\n"
                       "tocsin incident ack 7k3qx9v2tb\n"
                       "Acknowledge: https://tocsin.example.org/a/x",
            "priority": 10,
            "extras": {
                "client::display": {"contentType": "text/plain"},
                "client::notification": {"click": {
                    "url": "https://tocsin.example.org/incidents/7k3q"}}}})

    def test_rings_by_severity(self):
        server = self.server()
        for severity, priority in (("info", 0), ("low", 2), ("medium", 5),
                                   ("high", 8), ("critical", 10)):
            made = message()
            made["incident"]["severity"] = severity
            self.deliver(server, made)
            self.assertEqual(server.stored()[-1]["priority"], priority)
        for event, priority in (("resolved", 5), ("acknowledged", 2),
                                ("reminder", 10), ("test", 5)):
            self.deliver(server, message(event, 2))
            self.assertEqual(server.stored()[-1]["priority"], priority, event)

    def test_behind_a_path(self):
        server = self.server(folder="/push/gotify")
        receipt = self.deliver(server, url=server.url + "/")
        self.assertEqual(receipt["status"], "delivered", receipt)

    def test_a_long_digest_is_cut_with_a_note(self):
        server = self.server()
        made = message("digest", 0)
        incidents = [{"id": f"7k3qx9v2{i:02d}", "event": "opened",
                      "title": f"service {i} <&> " + "ä" * 60,
                      "severity": "critical", "status": "open",
                      "probe": f"service-{i}", "reason": "refused",
                      "failing_since": "2026-11-22T03:59:30.000Z", "url": ""}
                     for i in range(60)]
        made["incident"]["id"] = ""
        made["digest"] = {"count": 60, "left_out": 0,
                          "by_severity": {"critical": 60},
                          "by_event": {"opened": 60}, "incidents": incidents}
        receipt = self.deliver(server, made)
        # The answer repeats all of it, escaped, and is still understood.
        self.assertEqual(receipt["status"], "delivered", receipt)
        shown, = server.stored()
        self.assertLessEqual(len(shown["message"].encode()), 4096)
        self.assertTrue(shown["message"].endswith("… (cut to fit)"))
        self.assertIn("60 incidents", shown["title"])

    def test_a_wrong_token_waits_for_a_person(self):
        receipt = self.deliver(self.server(), token="Awrong")
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(receipt["code"], 401)
        self.assertIn("valid access token", receipt["detail"])

    def test_what_each_status_means(self):
        for status, means in ((400, "rejected"), (413, "rejected"),
                              (403, "retry"), (404, "retry"), (410, "retry"),
                              (429, "retry"), (500, "retry"), (502, "retry")):
            with self.subTest(status):
                receipt = self.deliver(self.server(answer=("status", status)))
                self.assertEqual(receipt["status"], means, receipt)

    def test_an_answer_that_is_not_gotify(self):
        portal = self.server(answer=("status", 200, {}, b"<html>log in"))
        receipt = self.deliver(portal)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("not a Gotify server", receipt["detail"])

    def test_ends_at_the_deadline(self):
        receipt = self.deliver(self.server(answer=("hang",)), timeout_ms=1500)
        self.assertEqual(receipt["status"], "retry", receipt)

    def test_private_addresses_need_leave(self):
        server = self.server()
        receipt = self.deliver(server, allow_addresses=[])
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(server.attempts(), [])

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"url": "https://gotify.example.org/?token=A"}, "url: must"),
                ({"url": "http://gotify.example.org/"}, "in the clear"),
                ({"token": "A b"}, "one word")):
            with self.subTest(says):
                worker = PathWorker("gotify", {
                    "url": "https://gotify.example.org", "token": TOKEN,
                    **wrong})
                self.addCleanup(worker.stop)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()

    def test_a_whole_agent(self):
        server = self.server()
        agent = self.agent()
        agent.configure(
            [uptime("gone", "http://127.0.0.1:1/")],
            {"phone": {"kind": "gotify", "url": server.url, "token": TOKEN,
                       **LOOPBACK}})
        agent.start()
        server.wait_messages(1)
        self.assertIn("gone is failing", server.stored()[0]["title"])
        agent.stop()
        self.assertNotIn(TOKEN, agent.log())


if __name__ == "__main__":
    main()
