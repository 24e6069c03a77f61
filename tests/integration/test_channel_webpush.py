#!/usr/bin/python3
"""The webpush channel against a push service with the rules of its RFCs."""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, free_port, main  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.webpush import (VAPID_PRIVATE, VAPID_PUBLIC,  # noqa: E402
                           WebPush, identity)

LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}
SUBJECT = "mailto:ops@example.org"


def addressed(subscribers, event="opened", seq=1, **parts):
    return message(event, seq, channel="browsers", subscribers=subscribers,
                   **parts)


class WebPushChannel(Case):
    def service(self):
        return self.peer(WebPush().start())

    def worker(self, **config):
        worker = PathWorker("webpush", {
            "private_key": VAPID_PRIVATE, "subject": SUBJECT, **LOOPBACK,
            **config})
        self.addCleanup(worker.stop)
        return worker

    def deliver(self, what, timeout_ms=60000, **config):
        worker = self.worker(**config)
        receipt = worker.deliver(what, timeout_ms)
        worker.end()
        return receipt

    def test_a_browser_reads_it(self):
        service = self.service()
        made = addressed([service.subscribe()])
        made["incident"]["url"] = "https://tocsin.example.org/incidents/7k3q"
        made["incident"]["acknowledge_url"] = "https://tocsin.example.org/a/x"
        receipt = self.deliver(made, ttl="1h")
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["code"], 201)
        self.assertEqual(receipt["detail"], "1 of 1 took it")
        got, = service.messages()
        self.assertEqual(got.headers["ttl"], "3600")
        self.assertEqual(got.headers["urgency"], "high")
        self.assertEqual(got.headers["topic"], "N2szcXg5djJ0Yg")
        push, = service.open([got])
        self.assertEqual(json.loads(push["text"]), {
            "title": "[CRITICAL] portal is failing", "tag": "7k3qx9v2tb",
            "at": 1795320000000, "silent": False, "stays": True, "again": True,
            "link": "https://tocsin.example.org/incidents/7k3q",
            "acknowledge": "https://tocsin.example.org/a/x",
            "text": "connect to 192.0.2.7:443 refused\n"
                    "https://portal.example.org/health\n"
                    "tocsin incident ack 7k3qx9v2tb"})

    def test_says_who_we_are(self):
        service = self.service()
        worker = self.worker()
        for seq in (1, 2):
            worker.deliver(addressed([service.subscribe()], seq=seq))
        worker.end()
        first, second = service.messages()
        push, _ = service.open([first, second])
        self.assertTrue(push["verified"])
        self.assertEqual(push["key"], VAPID_PUBLIC)
        self.assertEqual(push["header"], {"typ": "JWT", "alg": "ES256"})
        claims = push["claims"]
        self.assertEqual(claims["aud"], service.origin)
        self.assertEqual(claims["sub"], SUBJECT)
        self.assertGreater(claims["exp"], time.time() + 3600)
        self.assertLess(claims["exp"], time.time() + 24 * 3600)
        # One token serves for hours; one key and salt for one message only.
        self.assertEqual(first.headers["authorization"],
                         second.headers["authorization"])
        self.assertNotEqual(first.body[:86], second.body[:86])

    def test_a_key_in_pem(self):
        import subprocess
        pem = subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256"], capture_output=True, text=True,
            check=True).stdout
        service = self.service()
        receipt = self.deliver(addressed([service.subscribe()]),
                               private_key=pem)
        self.assertEqual(receipt["status"], "delivered", receipt)
        push, = service.open(service.messages())
        self.assertTrue(push["verified"])

    def test_who_has_left_is_forgotten(self):
        service = self.service()
        stays, left, revoked = (service.subscribe() for _ in range(3))
        service.answers[left["endpoint"]] = ("status", 410)
        service.answers[revoked["endpoint"]] = ("status", 404)
        receipt = self.deliver(addressed([stays, left, revoked]))
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertCountEqual(receipt["gone"], [left["id"], revoked["id"]])
        self.assertIn("1 of 3 took it", receipt["detail"])
        self.assertIn("2 gone", receipt["detail"])

    def test_only_who_has_not_had_it_is_tried_again(self):
        service = self.service()
        quick, slow = service.subscribe(), service.subscribe()
        service.answers[slow["endpoint"]] = [
            ("status", 503), ("status", 429, {"Retry-After": "7"}), None]
        worker = self.worker()
        made = addressed([quick, slow])
        receipt = worker.deliver(made)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(receipt["code"], 503)
        receipt = worker.deliver(made)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(receipt["retry_after_ms"], 7000)
        self.assertIn("1 of 2 took it; 1 later", receipt["detail"])
        receipt = worker.deliver(made)
        self.assertEqual(receipt["status"], "delivered", receipt)
        worker.end()
        tries = [d.path for d in service.attempts()]
        self.assertEqual(
            sum(quick["endpoint"].endswith(path) for path in tries), 1)
        self.assertEqual(len(tries), 4)

    def test_a_new_message_goes_to_all(self):
        service = self.service()
        alice, bob = service.subscribe(), service.subscribe()
        worker = self.worker()
        worker.deliver(addressed([alice, bob]))
        worker.deliver(addressed([alice, bob], "resolved", 2))
        worker.end()
        self.assertEqual(len(service.messages()), 4)
        self.assertEqual(len({d.headers["topic"]
                              for d in service.messages()}), 1)

    def test_a_hung_service_does_not_stop_the_others(self):
        service, hung = self.service(), self.service()
        stuck = [hung.subscribe() for _ in range(20)]
        for one in stuck:
            hung.answers[one["endpoint"]] = ("hang",)
        good = [service.subscribe() for _ in range(20)]
        worker = self.worker()
        made = addressed(stuck + good)
        # The hung ones use up the first attempt, but who was not tried in it
        # goes first in the next one.
        for attempt in range(10):
            receipt = worker.deliver(made, timeout_ms=2000)
            self.assertEqual(receipt["status"], "retry", receipt)
            if attempt > 0 and len(service.messages()) == 20:
                break
        self.assertIn("20 of 40 took it; 20 later", receipt["detail"])
        self.assertEqual(len(service.messages()), 20)
        worker.stop()

    def test_what_a_service_refuses(self):
        service = self.service()
        alice, bob = service.subscribe(), service.subscribe()
        for status, means in ((400, "rejected"), (413, "rejected"),
                              (403, "retry"), (401, "retry"), (500, "retry")):
            service.answers[alice["endpoint"]] = (
                "status", status, {}, b"because of this")
            alone = self.deliver(addressed([alice]))
            self.assertEqual(alone["status"], means, alone)
            self.assertEqual(alone["code"], status)
            self.assertIn("because of this", alone["detail"])
            self.assertNotIn("gone", alone)
            if status < 500:
                both = self.deliver(addressed([alice, bob]))
                self.assertEqual(both["status"], "delivered", both)
                self.assertIn("1 refused", both["detail"])

    def test_the_endpoint_is_not_shown(self):
        service = self.service()
        alice = service.subscribe()
        service.answers[alice["endpoint"]] = ("status", 500)
        receipt = self.deliver(addressed([alice]))
        self.assertIn(f"{alice['id']} at 127.0.0.1", receipt["detail"])
        self.assertNotIn("/push/", receipt["detail"])
        gone = dict(alice, endpoint=f"http://127.0.0.1:{free_port()}/push/x")
        gone["id"] = identity(gone["endpoint"])
        receipt = self.deliver(addressed([gone]))
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("refused", receipt["detail"])
        self.assertNotIn("/push/", receipt["detail"])

    def test_nobody_has_subscribed(self):
        for nobody in ([], None):
            made = addressed(nobody)
            receipt = self.deliver(made)
            self.assertEqual(receipt["status"], "retry", receipt)
            self.assertIn("tocsin channel invite", receipt["detail"])

    def test_addresses_are_judged(self):
        service = self.service()
        receipt = self.deliver(addressed([service.subscribe()]),
                               allow_addresses=[])
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(service.attempts(), [])

    def test_a_subscription_that_cannot_be_used(self):
        service = self.service()
        alice, bob = service.subscribe(), service.subscribe()
        alice["p256dh"] = "B" + "A" * 86  # no point of the curve
        receipt = self.deliver(addressed([alice, bob]))
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["gone"], [alice["id"]])
        # http is not taken unless the channel says so
        receipt = self.deliver(addressed([bob]), allow_http=False)
        self.assertEqual(receipt["gone"], [bob["id"]])

    def test_the_largest_message_fits(self):
        service = self.service()
        made = addressed([service.subscribe()], "digest", 0)
        made["incident"]["id"] = ""
        made["digest"] = {
            "count": 90, "left_out": 0, "by_severity": {"critical": 90},
            "by_event": {"opened": 90},
            "incidents": [{"id": "7k3qx9v2tb", "event": "opened",
                           "title": '"\\ "' * 20 + "ä" * 20,
                           "severity": "critical", "status": "open",
                           "probe": "p", "reason": "", "failing_since": None,
                           "url": ""}] * 90}
        receipt = self.deliver(made)
        self.assertEqual(receipt["status"], "delivered", receipt)
        got, = service.messages()
        self.assertNotIn("topic", got.headers)
        self.assertLessEqual(len(got.body), 4096)
        self.assertGreater(len(got.body), 3500)
        push, = service.open([got])
        self.assertTrue(json.loads(push["text"])["text"].endswith(
            "(cut to fit)"))

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"private_key": "hunter2"}, "private_key: neither PEM"),
                ({"subject": "ops@example.org"}, "subject: must be"),
                ({"subject": "http://example.org/"}, "subject: must be"),
                ({"ttl": "60d"}, "ttl")):
            with self.subTest(wrong):
                worker = PathWorker("webpush", {
                    "private_key": VAPID_PRIVATE, "subject": SUBJECT,
                    **wrong})
                self.addCleanup(worker.stop)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()
                self.assertNotIn("hunter2", "".join(worker.errors))


if __name__ == "__main__":
    main()
