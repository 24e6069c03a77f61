#!/usr/bin/python3
"""The e-mail channel against a real Postfix and against servers that lie."""
import base64
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import clients  # noqa: E402
from harness import ROOT, STATUS_OK, Case, main, run_cli  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.nginx import certificate  # noqa: E402
from peers.postfix import Postfix  # noqa: E402
from peers.smtp_bad import BadSmtp  # noqa: E402

LOGIN = ("alice", "secret")
MAILS = 200


def digest(seq=1):
    """Two incidents of three in one message, as the core makes it."""
    made = message("digest", seq, timeline=[])
    made["delivery"] = f"7k3qx9v2tb-{seq}-mail+3"
    made["incident"].update(id="", title="3 incidents", failing_since=None,
                            opened_at=None)
    made["probe"].update(name="", kind="", target="")
    made["observation"]["reason"] = ""
    made["digest"] = {
        "count": 3, "left_out": 1, "by_severity": {"critical": 1, "high": 2},
        "by_event": {"opened": 3},
        "incidents": [
            {"id": "aaaaaaaaaa", "event": "opened",
             "title": "Übung is failing", "severity": "critical",
             "status": "open", "probe": "Übung", "reason": "grün <& rot",
             "failing_since": "2026-11-22T03:59:30.000Z",
             "url": "https://tocsin.example.org/incidents/aaaaaaaaaa"},
            {"id": "bbbbbbbbbb", "event": "opened", "title": "vpn is failing",
             "severity": "high", "status": "open", "probe": "vpn",
             "reason": "no answer", "failing_since": None, "url": ""}]}
    return made


class EmailCase(Case):
    def worker(self, **config):
        made = PathWorker("email", {
            "from": "tocsin@example.org", "to": ["oncall@example.org"],
            **config})
        self.addCleanup(made.stop)
        return made


class WithPostfix(EmailCase):
    @classmethod
    def setUpClass(cls):
        cls.postfix = Postfix(auth=LOGIN)
        try:
            cls.postfix.start()
        except BaseException:
            cls.postfix.stop()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.postfix.stop()

    def config(self, scheme="smtp", **more):
        port = (self.postfix.tls_port if scheme == "smtps"
                else self.postfix.port)
        return {"server": f"{scheme}://localhost:{port}",
                "user": LOGIN[0], "password": LOGIN[1],
                "ca_file": str(self.postfix.ca_file), **more}

    def new_mails(self, count):
        """The newest mails, once there are `count` more than before."""
        found = self.postfix.wait_messages(self.before + count)
        return found[self.before:]

    def setUp(self):
        super().setUp()
        self.before = len(self.postfix.messages())

    def test_a_thread_of_mails(self):
        worker = self.worker(**self.config())
        events = ["opened", "reminder", "acknowledged", "resolved"]
        for number, event in enumerate(events, 1):
            receipt = worker.deliver(message(event, number))
            self.assertEqual(receipt["status"], "delivered", receipt)
            self.assertEqual(receipt["code"], 250)
        worker.end()
        mails = self.new_mails(4)
        root = "<7k3qx9v2tb@example.org>"
        self.assertEqual(mails[0]["Message-ID"], root)
        self.assertIsNone(mails[0]["In-Reply-To"])
        for number, mail in enumerate(mails[1:], 2):
            self.assertEqual(mail["Message-ID"],
                             f"<7k3qx9v2tb-{number}-mail@example.org>")
            self.assertEqual(mail["In-Reply-To"], root)
            self.assertEqual(mail["References"], root)
            self.assertEqual(mail["Subject"], "Re: " + mails[0]["Subject"])
            self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mails[0]["X-Priority"], "1")
        self.assertIsNone(mails[3]["X-Priority"])

    def parsed(self, count):
        """The newest mails as mailparser reads them."""
        self.new_mails(count)
        raw = self.postfix.raw_messages()[self.before:]
        return clients.run("parse_mail.mjs", {
            "mails": [base64.b64encode(mail).decode() for mail in raw]})

    def test_what_mailparser_sees_of_a_thread(self):
        worker = self.worker(**self.config(
            to=["oncall@example.org", "second@example.org"]))
        texts = {"opened": "größer als 5 s — „zu spät“",
                 "escalated": "größer als 5 s — „zu spät“",
                 "resolved": "Antwort nach 12 ms"}
        for seq, (event, reason) in enumerate(texts.items(), 1):
            made = message(event, seq, incident="thread0001")
            made["probe"]["name"] = "Patientenportal Zürich"
            made["observation"]["reason"] = reason
            made["incident"]["acknowledge_url"] = (
                "https://tocsin.example.org/ack/thread0001.x?a=1&b=2")
            self.assertEqual(worker.deliver(made)["status"], "delivered")
        worker.end()
        # Postfix puts one copy for each recipient into the one mailbox.
        mails = self.parsed(6)[::2]
        subject = "[tocsin] Patientenportal Zürich: incident thread0001"
        root = "<thread0001@example.org>"
        self.assertEqual([m["subject"] for m in mails],
                         [subject, f"Re: {subject}", f"Re: {subject}"])
        self.assertEqual([m["messageId"] for m in mails],
                         [root, "<thread0001-2-mail@example.org>",
                          "<thread0001-3-mail@example.org>"])
        self.assertEqual([m["inReplyTo"] for m in mails], [None, root, root])
        self.assertEqual([m["references"] for m in mails], [None, root, root])
        self.assertEqual([m["from"][0]["name"] for m in mails],
                         ["tocsin CRITICAL", "tocsin CRITICAL, UNANSWERED",
                          "tocsin RESOLVED"])
        self.assertEqual([m["priority"] for m in mails],
                         ["high", "high", None])
        for mail, (event, reason) in zip(mails, texts.items()):
            self.assertEqual(mail["event"], event)
            self.assertEqual(mail["to"],
                             ["oncall@example.org", "second@example.org"])
            self.assertEqual(mail["autoSubmitted"], "auto-generated")
            self.assertIn("multipart/alternative", mail["contentType"])
            self.assertIn(reason, mail["text"])
            self.assertIn(reason, mail["html"])
            self.assertEqual(mail["attachments"], 0)
            self.assertEqual(mail["date"], "2026-11-22T04:00:00.000Z")
        self.assertIn('href="https://tocsin.example.org/ack/thread0001.x'
                      '?a=1&amp;b=2"', mails[0]["html"])
        self.assertIn("\n  https://tocsin.example.org/ack/thread0001.x"
                      "?a=1&b=2\n", mails[0]["text"])
        self.assertNotIn("/ack/", mails[2]["text"] + mails[2]["html"])

    def test_what_mailparser_sees_of_digests(self):
        worker = self.worker(**self.config())
        for seq in (1, 2):
            receipt = worker.deliver(digest(seq))
            self.assertEqual(receipt["status"], "delivered", receipt)
        worker.end()
        first, second = self.parsed(2)
        self.assertEqual(
            first["subject"], "[tocsin] 3 incidents: 1 critical, 2 high; "
            "worst: Übung is failing")
        self.assertEqual(first["messageId"],
                         "<7k3qx9v2tb-1-mail+3@example.org>")
        self.assertNotEqual(first["messageId"], second["messageId"])
        for mail in (first, second):
            self.assertIsNone(mail["inReplyTo"])
            self.assertIsNone(mail["references"])
            self.assertEqual(mail["event"], "digest")
            self.assertIn("grün <& rot", mail["text"])
            self.assertIn("grün &lt;&amp; rot", mail["html"])
            self.assertIn(
                'href="https://tocsin.example.org/incidents/aaaaaaaaaa"',
                mail["html"])
            self.assertIn("and 1 more: tocsin incident list", mail["text"])
            self.assertLess(mail["text"].index("Übung is failing\n"),
                            mail["text"].index("vpn is failing\n"))

    def test_what_a_mail_client_sees(self):
        reason = "grün & <script>alert(1)</script>\r\nBcc: x@example.org"
        made = message("opened", incident="hostile001")
        made["observation"]["reason"] = reason
        made["probe"]["name"] = "Übung\r\nBcc: y@example.org"
        worker = self.worker(**self.config())
        self.assertEqual(worker.deliver(made)["status"], "delivered")
        worker.end()
        mail, = self.new_mails(1)
        self.assertEqual(mail.defects, [])
        self.assertIsNone(mail["Bcc"])
        self.assertIn("Übung", mail["Subject"])
        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        plain, html = mail.iter_parts()
        self.assertEqual(plain.get_content_type(), "text/plain")
        self.assertEqual(html.get_content_type(), "text/html")
        self.assertIn("grün & <script>", plain.get_content())
        self.assertNotIn("<script>", html.get_content())
        self.assertIn("grün &amp; &lt;script&gt;", html.get_content())
        self.assertNotIn("\nBcc", plain.get_content())

    def test_many_mails_without_one_failure(self):
        """TLS 1.3 is offered, AUTH asked for: no mail fails or stalls."""
        worker = self.worker(**self.config())
        slowest = 0.0
        for number in range(1, MAILS + 1):
            began = time.monotonic()
            receipt = worker.deliver(message("note", number))
            slowest = max(slowest, time.monotonic() - began)
            self.assertEqual(receipt["status"], "delivered", receipt)
        worker.end()
        keys = {mail["X-Tocsin-Delivery"] for mail in self.new_mails(MAILS)}
        self.assertEqual(len(keys), MAILS)
        # A stall would have lasted to the deadline of 60 s.
        self.assertLess(slowest, 50)

    def test_tls_from_the_start(self):
        worker = self.worker(**self.config("smtps"))
        receipt = worker.deliver(message("opened", incident="implicit01"))
        self.assertEqual(receipt["status"], "delivered", receipt)
        self.assertEqual(receipt["code"], 250)
        self.assertIn("queued as", receipt["detail"])
        self.assertTrue(receipt["detail"].endswith(receipt["remote_id"]))
        self.assertIn(receipt["remote_id"], self.postfix.log())
        worker.end()
        mail, = self.new_mails(1)
        self.assertIn("mon1.example.org",
                      mail.get_body(("plain",)).get_content())

    def test_a_wrong_password_waits_for_a_person(self):
        for scheme in ("smtp", "smtps"):
            with self.subTest(scheme):
                worker = self.worker(
                    **self.config(scheme, password="wrong"))
                receipt = worker.deliver(message())
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertEqual(receipt["code"], 535)
                self.assertIn("check user and password", receipt["detail"])
                worker.end()

    def test_an_unknown_authority_is_refused(self):
        other, _ = certificate(self.folder, "other")
        for scheme in ("smtp", "smtps"):
            with self.subTest(scheme):
                worker = self.worker(
                    **self.config(scheme, ca_file=str(other)))
                receipt = worker.deliver(message())
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertIn("certificate", receipt["detail"])
                worker.end()
        self.assertEqual(len(self.postfix.messages()), self.before)

    def test_a_certificate_for_another_name_is_refused(self):
        elsewhere = Postfix()
        self.addCleanup(elsewhere.stop)
        cert, key = certificate(elsewhere.folder, "elsewhere.example.org")
        text = (elsewhere.folder / "main.cf").read_text()
        (elsewhere.folder / "main.cf").write_text(
            text + f"smtpd_tls_chain_files = {key}, {cert}\n")
        elsewhere.start()
        for scheme, port in (("smtp", elsewhere.port),
                             ("smtps", elsewhere.tls_port)):
            with self.subTest(scheme):
                worker = self.worker(server=f"{scheme}://localhost:{port}",
                                     ca_file=str(cert))
                receipt = worker.deliver(message())
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertIn("localhost", receipt["detail"])
                worker.end()
        self.assertEqual(elsewhere.messages(), [])

    def test_some_recipients_are_refused(self):
        """Who was accepted gets it once; the rest decides the receipt."""
        for scheme in ("smtp", "smtps"):
            for whom, status, code in (("refused", "rejected", 550),
                                       ("later", "retry", 450)):
                with self.subTest(f"{scheme} {whom}"):
                    before = len(self.postfix.messages())
                    worker = self.worker(**self.config(
                        scheme, to=["oncall@example.org",
                                    f"{whom}@example.org"]))
                    for _ in range(2):
                        receipt = worker.deliver(message())
                        self.assertEqual(receipt["status"], status, receipt)
                        self.assertEqual(receipt["code"], code)
                        self.assertIn(f"{whom}@", receipt["detail"])
                        self.assertIn("1 of 2", receipt["detail"])
                    worker.end()
                    found = self.postfix.wait_messages(before + 1)
                    time.sleep(0.3)  # a second copy would come by now
                    self.assertEqual(len(found), before + 1)
                    self.assertEqual(len(self.postfix.messages()), before + 1)

    def test_catches_up_after_the_server_was_down(self):
        worker = self.worker(**self.config())
        self.postfix.halt()
        try:
            receipt = worker.deliver(message("opened", incident="down000001"))
            self.assertEqual(receipt["status"], "retry", receipt)
            self.assertIn("refused", receipt["detail"])
        finally:
            self.postfix.start()
        receipt = worker.deliver(message("opened", incident="down000001"))
        self.assertEqual(receipt["status"], "delivered", receipt)
        worker.end()
        self.new_mails(1)


class WithBadServers(EmailCase):
    def attempt(self, mode, timeout_ms=1500, server=None, **config):
        bad = server or self.peer(BadSmtp(mode).start())
        worker = self.worker(server=bad.url, **{"starttls": "none", **config})
        began = time.monotonic()
        receipt = worker.deliver(message(), timeout_ms)
        took = time.monotonic() - began
        worker.end()
        return bad, receipt, took

    def test_a_well_behaved_one(self):
        mails = []
        for host in ("127.0.0.1", "::1"):
            bad = self.peer(BadSmtp(host=host).start())
            _, receipt, _ = self.attempt("", 60000, server=bad)
            self.assertEqual(receipt["status"], "delivered", receipt)
            mails += bad.messages()
        self.assertNotIn(b"\n", mails[0].replace(b"\r\n", b""))
        self.assertTrue(mails[0].endswith(b"alternative--\r\n"))
        self.assertEqual(mails[1], mails[0])  # whichever library spoke

    def test_each_way_to_hang_ends_at_the_deadline(self):
        for mode, says in (("black_hole", "connect"), ("silent", "greeting"),
                           ("drip", "greeting"), ("drip_lines", "EHLO"),
                           ("hang_after_data", "message")):
            for host in ("127.0.0.1", "::1"):
                if host == "::1" and mode == "black_hole":
                    continue
                self.hangs(mode, host, says)

    def hangs(self, mode, host, says):
        with self.subTest(f"{mode} {host}"):
            bad = self.peer(BadSmtp(mode, host=host).start())
            _, receipt, took = self.attempt("", server=bad)
            self.assertEqual(receipt["status"], "retry", receipt)
            self.assertIn(says, receipt["detail"])
            self.assertGreater(took, 1.0)
            self.assertLess(took, 30)

    def test_a_hang_up_instead_of_the_last_answer(self):
        bad, receipt, _ = self.attempt("close_after_data", 60000)
        self.assertEqual(receipt["status"], "retry", receipt)
        first, = bad.messages()
        bad.mode = "well"
        _, receipt, _ = self.attempt("well", 60000, server=bad)
        self.assertEqual(receipt["status"], "delivered", receipt)
        # The same mail, so that a mail store shows it once.
        self.assertEqual(bad.messages()[1], first)

    def test_plaintext_behind_starttls_gets_nothing(self):
        bad, receipt, _ = self.attempt(
            "inject", 20000, starttls="required", user="alice",
            password="secret")
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("plaintext behind the answer to STARTTLS",
                      receipt["detail"])
        self.assertFalse([c for c in bad.commands() if c.startswith("AUTH")])
        self.assertEqual(bad.messages(), [])

    def test_no_starttls_means_no_mail(self):
        for host in ("127.0.0.1", "::1"):
            with self.subTest(host):
                bad = self.peer(BadSmtp("no_starttls", host=host).start())
                _, receipt, _ = self.attempt(
                    "", 20000, server=bad, starttls="required")
                self.assertEqual(receipt["status"], "retry", receipt)
                self.assertIn("STARTTLS", receipt["detail"])
                self.assertEqual(bad.messages(), [])

    def test_optional_starttls(self):
        cert, key = certificate(self.folder)
        for mode, peer in (("no_starttls", None), ("well", (cert, key))):
            with self.subTest(mode):
                bad = self.peer(BadSmtp(mode, certificate=peer).start())
                worker = self.worker(
                    server=f"smtp://localhost:{bad.port}",
                    starttls="optional", ca_file=str(cert))
                receipt = worker.deliver(message())
                worker.end()
                self.assertEqual(receipt["status"], "delivered", receipt)
                self.assertEqual("STARTTLS" in bad.commands(),
                                 peer is not None)

    def test_refusals(self):
        for mode, status, code in (
                ("refuse", "retry", 554), ("busy", "retry", 421),
                (("reply", "MAIL", "550 5.7.1 not you"), "rejected", 550),
                (("reply", "MAIL", "451 4.3.0 wait"), "retry", 451),
                (("reply", "RCPT", "550 5.1.1 nobody"), "rejected", 550),
                (("reply", "RCPT", "450 4.2.0 wait"), "retry", 450),
                (("reply", "DATA", "554 5.6.0 no"), "rejected", 554)):
            with self.subTest(mode):
                for host in ("127.0.0.1", "::1"):
                    bad = self.peer(BadSmtp(mode, host=host).start())
                    _, receipt, _ = self.attempt("", 20000, server=bad)
                    self.assertEqual(receipt["status"], status, receipt)
                    self.assertEqual(receipt["code"], code, receipt)

    def test_a_name_that_does_not_exist(self):
        worker = self.worker(server="smtp://mail.invalid", starttls="none")
        receipt = worker.deliver(message(), 5000)
        worker.end()
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("mail.invalid", receipt["detail"])

    def test_a_configuration_that_makes_no_sense(self):
        for wrong, says in (
                ({"server": "mail.example.org"}, "server"),
                ({"server": "smtp://x", "to": ["a b"]}, "to: "),
                ({"server": "smtp://x", "colour": "red"}, "colour")):
            with self.subTest(says):
                worker = self.worker(**wrong)
                with self.assertRaisesRegex(AssertionError, says):
                    worker.read()


class Page(EmailCase):
    def test_its_configurations(self):
        page = (ROOT / "docs/channels/email.md").read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", page, re.S)
        self.assertEqual(len(blocks), 5)
        secret = self.folder / "smtp"
        secret.write_text("not-a-secret\n")
        secret.chmod(0o600)
        for number, block in enumerate(blocks):
            config = self.folder / f"page{number}.yaml"
            config.write_text(
                f"state: sqlite:{self.folder}/state.db\n"
                "probes: [{name: x, kind: uptime, "
                "target: 'tcp://127.0.0.1:1'}]\n"
                + block.replace("/run/secrets/smtp", str(secret)))
            done = run_cli("config", "check", "-c", config)
            self.assertEqual(done.returncode, STATUS_OK,
                             done.stdout + done.stderr)


if __name__ == "__main__":
    main()
