#!/usr/bin/python3
"""The ntfy channel against a server with ntfy's publishing rules."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.ntfy import Ntfy  # noqa: E402

LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}


class NtfyChannel(Case):
    def server(self, **options):
        return self.peer(Ntfy(**options).start())

    def deliver(self, server, what=None, timeout_ms=60000, **config):
        worker = PathWorker("ntfy", {
            "url": server.topic_url("oncall"), **LOOPBACK, **config})
        self.addCleanup(worker.stop)
        receipt = worker.deliver(what or message(), timeout_ms)
        worker.end()
        return receipt

    def test_rings(self):
        server = self.server(token="tk_secret")
        made = message(channel="pager")
        made["incident"]["url"] = "https://tocsin.example.org/i/1"
        receipt = self.deliver(server, made, token="tk_secret")
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertIn("m0", receipt["detail"])
        shown, = server.published("oncall")
        self.assertEqual(shown["title"], "[CRITICAL] portal is failing")
        self.assertEqual(shown["priority"], 5)
        self.assertEqual(shown["tags"][0], "rotating_light")
        self.assertEqual(shown["click"], "https://tocsin.example.org/i/1")
        self.assertIn("refused", shown["message"])
        self.assertIn("tocsin incident ack 7k3qx9v2tb", shown["message"])
        got, = server.messages()
        self.assertEqual(got.headers["x-idempotency-key"], made["delivery"])

    def test_buttons(self):
        server = self.server()
        made = message(channel="pager")
        made["incident"]["url"] = "https://tocsin.example.org/incidents/1"
        made["incident"]["acknowledge_url"] = "https://tocsin.example.org/a/x"
        made["probe"]["runbook"] = "https://wiki.example.org/portal"
        receipt = self.deliver(server, made)
        self.assertEqual(receipt["remote_id"], "m00000000001")
        shown, = server.published()
        self.assertEqual(shown["actions"], [
            {"action": "http", "label": "Acknowledge", "method": "POST",
             "url": "https://tocsin.example.org/a/x", "clear": True},
            {"action": "view", "label": "Runbook",
             "url": "https://wiki.example.org/portal"},
            {"action": "view", "label": "Open",
             "url": "https://tocsin.example.org/incidents/1"}])
        self.assertEqual(shown["sequence_id"], "7k3qx9v2tb-1")

    def test_its_end_replaces_what_rang(self):
        server = self.server()
        made = message("resolved", 3)
        made["timeline"] = [
            {"at": "2026-11-22T04:00:00.000Z", "event": event, "text": ""}
            for event in ("opened", "acknowledged", "resolved")]
        self.deliver(server, made)
        shown, = server.published()
        self.assertEqual(shown["sequence_id"], "7k3qx9v2tb-1")
        self.assertNotIn("actions", shown)

    def test_a_long_digest_is_cut_with_a_note(self):
        server = self.server()
        made = message("digest", 0)
        made["incident"]["id"] = ""
        made["digest"] = {
            "count": 90, "left_out": 0, "by_severity": {"critical": 90},
            "by_event": {"opened": 90},
            "incidents": [{"id": "7k3qx9v2tb", "event": "opened",
                           "title": "ä" * 90, "severity": "critical",
                           "status": "open", "probe": "p", "reason": "",
                           "failing_since": None, "url": ""}] * 90}
        self.assertEqual(self.deliver(server, made)["status"], "delivered")
        shown, = server.published()
        self.assertTrue(shown["message"].endswith("(cut to fit)"))
        self.assertLessEqual(len(shown["message"].encode()), 4096)
        self.assertNotIn("sequence_id", shown)

    def test_says_that_it_is_over(self):
        server = self.server()
        made = message("resolved", 3)
        made["incident"]["resolved_at"] = "2026-11-22T04:12:00.000Z"
        self.assertEqual(self.deliver(server, made)["status"], "delivered")
        shown, = server.published()
        self.assertEqual(shown["title"], "[RESOLVED] portal")
        self.assertEqual(shown["priority"], 3)
        self.assertTrue(shown["message"].startswith("over after 12 min"))

    def test_user_and_password(self):
        server = self.server(login=("alice", "s3cret"))
        receipt = self.deliver(server, user="alice", password="s3cret")
        self.assertEqual(receipt["status"], "delivered", receipt)

    def test_a_wrong_token_waits_for_a_person(self):
        receipt = self.deliver(self.server(token="tk_secret"), token="tk_no")
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(receipt["code"], 401)
        self.assertIn("credentials", receipt["detail"])

    def test_too_many_requests_wait_for_a_token(self):
        server = self.server(answer=("status", 429))
        receipt = self.deliver(server)
        self.assertEqual(receipt["status"], "retry")
        self.assertEqual(receipt["retry_after_ms"], 5000)
        server.answer = ("status", 429, {"Retry-After": "60"})
        self.assertEqual(self.deliver(server)["retry_after_ms"], 60000)

    def test_what_each_status_means(self):
        for status, means in ((400, "rejected"), (413, "rejected"),
                              (403, "retry"), (404, "retry"), (410, "retry"),
                              (500, "retry"), (507, "retry")):
            with self.subTest(status):
                receipt = self.deliver(self.server(answer=("status", status)))
                self.assertEqual(receipt["status"], means, receipt)

    def test_an_answer_that_is_not_ntfy(self):
        portal = self.server(answer=("status", 200, {}, b"<html>log in"))
        receipt = self.deliver(portal)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("not an ntfy server", receipt["detail"])

    def test_long_texts_stay_within_the_limit(self):
        server = self.server()
        made = message()
        made["observation"]["reason"] = "ä" * 2000
        made["probe"]["target"] = "x" * 2000
        self.assertEqual(self.deliver(server, made)["status"], "delivered")

    def test_ends_at_the_deadline(self):
        began = time.monotonic()
        receipt = self.deliver(self.server(answer=("hang",)),
                               timeout_ms=1500)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertLess(time.monotonic() - began, 30)

    def test_private_addresses_need_leave(self):
        server = self.server()
        receipt = self.deliver(server, allow_addresses=[])
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(server.attempts(), [])

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"url": "https://ntfy.example.org"}, "url: must end"),
                ({"user": "alice"}, "user and password"),
                ({"token": "t", "user": "a", "password": "b"}, "either")):
            with self.subTest(says):
                worker = PathWorker("ntfy", {
                    "url": "https://ntfy.example.org/x", **wrong})
                self.addCleanup(worker.stop)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()


if __name__ == "__main__":
    main()
