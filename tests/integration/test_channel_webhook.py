#!/usr/bin/python3
"""The webhook channel against a receiver that verifies."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.webhook import SECRET, Webhook  # noqa: E402

OTHER = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
LOOPBACK = {"allow_addresses": ["127.0.0.0/8"], "allow_http": True}


class WebhookChannel(Case):
    def setUp(self):
        super().setUp()
        self.hook = self.peer(Webhook().start())

    def worker(self, **config):
        made = PathWorker("webhook", {
            "url": self.hook.url, "secret": SECRET, **LOOPBACK, **config})
        self.addCleanup(made.stop)
        return made

    def deliver(self, what=None, timeout_ms=60000, **config):
        worker = self.worker(**config)
        receipt = worker.deliver(what or message(), timeout_ms)
        worker.end()
        return receipt

    def test_delivers_what_the_core_stored(self):
        made = message("resolved", 4)
        receipt = self.deliver(made)
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["code"], 200)
        got, = self.hook.messages()
        self.assertTrue(got.verified)
        self.assertEqual(got.key, made["delivery"])
        self.assertEqual(got.type, "incident.resolved")
        self.assertEqual(got.json()["timestamp"], made["at"])
        self.assertEqual(got.data, made)
        self.assertEqual(got.headers["content-type"], "application/json")

    def test_keeps_the_key_and_renews_the_time(self):
        worker = self.worker()
        self.hook.answer = [("status", 503), ("status", 204)]
        self.assertEqual(worker.deliver(message())["status"], "retry")
        time.sleep(1.1)
        self.assertEqual(worker.deliver(message())["status"], "delivered")
        worker.end()
        first, second = self.hook.attempts()
        self.assertTrue(first.verified and second.verified)
        self.assertEqual(first.key, second.key)
        self.assertEqual(first.body, second.body)
        self.assertNotEqual(first.headers["webhook-timestamp"],
                            second.headers["webhook-timestamp"])

    def test_signs_with_the_old_secret_as_well(self):
        receipt = self.deliver(secret=OTHER, previous_secret=SECRET)
        self.assertEqual(receipt["status"], "delivered", receipt)

    def test_what_each_status_means(self):
        for status, means in (
                (200, "delivered"), (204, "delivered"), (301, "retry"),
                (307, "retry"), (400, "rejected"), (401, "retry"),
                (403, "retry"), (404, "retry"), (408, "retry"),
                (410, "disabled"), (413, "rejected"), (422, "rejected"),
                (425, "retry"), (429, "retry"), (500, "retry"),
                (502, "retry"), (503, "retry"), (504, "retry")):
            with self.subTest(status):
                self.hook.answer = ("status", status, {}, b"")
                receipt = self.deliver()
                self.assertEqual(receipt["status"], means, receipt)
                self.assertEqual(receipt["code"], status)

    def test_obeys_retry_after_in_both_forms(self):
        self.hook.answer = ("status", 429, {"Retry-After": "7"})
        self.assertEqual(self.deliver()["retry_after_ms"], 7000)
        later = time.strftime("%a, %d %b %Y %H:%M:%S GMT",
                              time.gmtime(time.time() + 100))
        self.hook.answer = ("status", 503, {"Retry-After": later})
        self.assertIn(self.deliver()["retry_after_ms"], range(1000, 101000))

    def test_follows_no_redirect(self):
        elsewhere = self.peer(Webhook().start())
        self.hook.answer = ("status", 308, {"Location": elsewhere.url})
        receipt = self.deliver()
        self.assertEqual(receipt["status"], "retry")
        self.assertIn(elsewhere.url, receipt["detail"])
        self.assertEqual(elsewhere.attempts(), [])

    def test_ends_at_the_deadline(self):
        for answer in (("hang",), ("drip",)):
            with self.subTest(answer):
                self.hook.answer = answer
                began = time.monotonic()
                receipt = self.deliver(timeout_ms=1500)
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertLess(time.monotonic() - began, 30)

    def test_a_hang_up_and_a_closed_port(self):
        self.hook.answer = ("close",)
        self.assertEqual(self.deliver()["status"], "retry")
        self.hook.stop()
        receipt = self.deliver()
        self.assertEqual(receipt["status"], "retry")
        self.assertIn("refused", receipt["detail"])

    def test_private_addresses_need_leave(self):
        receipt = self.deliver(allow_addresses=[])
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("127.0.0.1", receipt["detail"])
        url = f"http://localhost:{self.hook.port}/hook"
        receipt = self.deliver(allow_addresses=["10.0.0.0/8"], url=url)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertEqual(self.hook.attempts(), [])

    def test_stays_below_the_size_of_the_format(self):
        made = message()
        made["observation"]["facts"] = {f"k{i}": "x" * 1000
                                        for i in range(40)}
        receipt = self.deliver(made)
        self.assertEqual(receipt["status"], "delivered", receipt)
        got, = self.hook.messages()
        self.assertLess(len(got.body), 20000)
        self.assertEqual(got.data["left_out"], ["facts"])

    def test_reads_no_endless_answer(self):
        self.hook.answer = ("status", 200, {}, b"x" * 5_000_000)
        self.assertEqual(self.deliver()["status"], "delivered")

    def test_extra_headers(self):
        receipt = self.deliver(headers={"Authorization": "Bearer abc"})
        self.assertEqual(receipt["status"], "delivered")
        got, = self.hook.messages()
        self.assertEqual(got.headers["authorization"], "Bearer abc")

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"secret": "hunter2"}, "secret: must be"),
                ({"allow_http": False}, "url: http://"),
                ({"allow_addresses": ["10.0.0.0/99"]}, "allow_addresses"),
                ({"headers": {"Webhook-Id": "1"}}, "headers.Webhook-Id"),
                ({"headers": {"X": "a\r\nY: b"}}, "headers.X"),
                ({"url": "ftp://x/"}, "url")):
            with self.subTest(says):
                worker = self.worker(**wrong)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()
                self.assertNotIn("hunter2", "".join(worker.errors))

    def test_a_message_that_cannot_be_read(self):
        receipt = self.deliver({"event": "exploded"})
        self.assertEqual(receipt["status"], "rejected", receipt)


if __name__ == "__main__":
    main()
