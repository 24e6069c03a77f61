#!/usr/bin/python3
"""No channel can be made to speak to an address that it was not given: each
kind that connects somewhere, through its own worker, with a listener on every
address of this machine that must see nobody."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Case, main, need_root  # noqa: E402
from path_worker import PathWorker, message  # noqa: E402
from peers.dns import Dns  # noqa: E402
from peers.gotify import Gotify  # noqa: E402
from peers.listener import Listener  # noqa: E402
from peers.pushover import TOKEN, USER  # noqa: E402
from peers.webpush import PUBLIC, VAPID_PRIVATE, identity  # noqa: E402



def browser(host, port):
    """What somebody may claim to be a browser's subscription."""
    endpoint = f"http://{host}:{port}/push"
    return {"id": identity(endpoint), "endpoint": endpoint, "p256dh": PUBLIC,
            "auth": "BTBZMqHH6r4Tts7J_aSIgg"}


# Each kind that connects somewhere: its configuration for a host and port.
KINDS = {
    "webhook": lambda host, port: {
        "url": f"http://{host}:{port}/hook", "allow_http": True},
    "ntfy": lambda host, port: {
        "url": f"http://{host}:{port}/oncall", "allow_http": True},
    "gotify": lambda host, port: {
        "url": f"http://{host}:{port}", "allow_http": True,
        "token": Gotify().token},
    "pushover": lambda host, port: {
        "url": f"http://{host}:{port}", "allow_http": True, "token": TOKEN,
        "user": USER},
    "webpush": lambda host, port: {
        "private_key": VAPID_PRIVATE, "subject": "mailto:ops@example.org",
        "allow_http": True},
    "email": lambda host, port: {
        "server": f"smtp://{host}:{port}", "starttls": "none",
        "from": "a@example.org", "to": ["b@example.org"],
        "allow_addresses": []},
}

# What leads to this machine, by any reading of a host.
SPELLINGS = [
    # as addresses are written
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[0000::0001]",
    # as one number, octal, hexadecimal, short, and all of that at once
    "2130706433", "0x7f000001", "0X7F000001", "017700000001", "0177.0.0.1",
    "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0177.0x0.0.1", "127.1", "127.0.1",
    "0x7f.1", "0177.1", "127.0.0.01", "127.0.0.0x1", "0", "0x0", "00",
    "127.0.0.1.", "127.1.", "0.", "2130706433.",
    # inside an IPv6 address
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]",
    "[2001:0:4136:e378::80ff:fffe]",
    # in other digits, dots and escapes
    "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1",
    "%31%32%37.0.0.1", "127.0.0.%31", "127%2e0%2e0%2e1", "%6cocalhost",
    "127.0.0.1%00.example.org", "ⓛocalhost", "127.0.0.1%20",
    # as names
    "localhost", "localhost.", "LOCALHOST", "a.localhost",
    # with something around it
    "[::1%25lo]", "[::1%lo]", "[fe80::1%25lo]", "me@127.0.0.1",
    "me:pw@127.0.0.1", "example.org@127.0.0.1", "example.org\\@127.0.0.1",
    "example.org:80@127.0.0.1", "[127.0.0.1]", "[::1", "::1",
    # where clouds keep their secrets, and other special places
    "169.254.169.254", "168.63.129.16", "[fd00:ec2::254]", "100.100.100.200",
    "10.0.0.1", "224.0.0.1", "255.255.255.255", "[ff02::1]",
]


class Everywhere(Listener):
    """Every address of this machine, IPv4 and IPv6; counts who comes."""
    host = "::"

    def talk(self, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Good(Listener):
    """A receiver of webhooks that says yes."""

    def __init__(self, host, port=None):
        super().__init__()
        self.host, self.port = host, port or self.port
        self.requests = []

    def talk(self, connection):
        lines = connection.makefile("rb")
        while True:
            head = []
            while (line := lines.readline()) not in (b"\r\n", b""):
                head.append(line.decode().strip().lower())
            if not head:
                return
            length = [h for h in head if h.startswith("content-length:")]
            lines.read(int(length[0].split(":")[1]))
            self.requests.append(head)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


# For kinds that share webhook's way out: one of each sort.
FEW = ["127.0.0.1", "[::1]", "2130706433", "127.1", "127.0.0.1.", "0",
       "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "１２７.０.０.１",
       "%6cocalhost", "localhost", "me@127.0.0.1", "169.254.169.254"]


class Base(Case):
    def worker(self, kind, config, **more):
        made = PathWorker(kind, config, **more)
        self.addCleanup(made.stop)
        return made

    def attempt(self, kind, config, subscribers=(), **more):
        """What the worker says: about its configuration or of a delivery."""
        worker = self.worker(kind, config, **more)
        made = message()
        if kind == "webpush":
            made["subscribers"] = list(subscribers)
        try:
            receipt = worker.deliver(made, timeout_ms=20000)
            worker.end()
        except AssertionError as refusal:
            self.assertNotIn("Sanitizer", str(refusal))
            return None, str(refusal)
        return receipt["status"], receipt["detail"]


class Spellings(Base):
    def setUp(self):
        super().setUp()
        self.everywhere = self.peer(Everywhere()).start()

    def refused(self, kind):
        for host in SPELLINGS if kind in ("webhook", "email") else FEW:
            with self.subTest(host):
                status, text = self.attempt(
                    kind, KINDS[kind](host, self.everywhere.port))
                # At once, when the configuration is read, or when its
                # meaning is known: that waits for a person to mend it.
                self.assertIn(status, (None, "retry"), text)
                if status == "retry":
                    self.assertRegex(
                        text, r"(is|which is) (an?|the) .*; to allow it, put "
                        r'"[0-9a-f.:]+" into allow_addresses')
        self.assertEqual(self.everywhere.connections, 0)

    def test_the_listener_does_see_who_comes(self):
        for host, allow in (("127.0.0.1", "127.0.0.0/8"), ("[::1]", "::1"),
                            ("[::ffff:127.0.0.1]", "127.0.0.1")):
            config = KINDS["webhook"](host, self.everywhere.port)
            config["allow_addresses"] = [allow]
            status, text = self.attempt("webhook", config)
            self.assertEqual(status, "delivered", text)
        self.assertEqual(self.everywhere.connections, 3)


    def test_webpush(self):
        # One delivery to all those browsers.
        browsers = [browser(host, self.everywhere.port) for host in SPELLINGS]
        for port in (25, 80, 8443):
            # An address that nobody objects to, but for the port.
            browsers.append(browser("93.184.216.34", port))
        status, text = self.attempt(
            "webpush", KINDS["webpush"](None, None), browsers)
        self.assertEqual(status, "retry", text)
        self.assertIn(f"0 of {len(browsers)} took it", text)
        self.assertEqual(self.everywhere.connections, 0)

    def test_webpush_speaks_to_port_443_alone(self):
        status, text = self.attempt(
            "webpush", KINDS["webpush"](None, None),
            [browser("93.184.216.34", 25)])
        self.assertEqual(status, "retry", text)
        self.assertIn("93.184.216.34:25: only port 443", text)


for _kind in set(KINDS) - {"webpush"}:
    setattr(Spellings, f"test_{_kind}",
            lambda self, kind=_kind: self.refused(kind))


class Names(Base):
    """Names of a real name server that lies about where it leads."""

    def setUp(self):
        super().setUp()
        need_root()  # the worker gets a resolv.conf of its own
        self.dns = self.peer(Dns()).start()
        self.everywhere = self.peer(Everywhere()).start()

    def through_dns(self, kind, host, port, allow=(), **more):
        config = KINDS[kind](host, port)
        config["allow_addresses"] = list(allow)
        return config, {"prefix": self.dns.prefix(self.folder), **more,
                        "subscribers": [browser(host, port)]}

    def refused(self, kind, allow=()):
        config, more = self.through_dns(
            kind, "evil.example.org", self.everywhere.port, allow)
        status, text = self.attempt(kind, config, **more)
        self.assertEqual(status, "retry", text)
        self.assertIn("not connecting to evil.example.org: ", text)
        self.assertIn("to allow it, put", text)
        self.assertEqual(self.everywhere.connections, 0)

    def two_places(self):
        """Receivers on one port: 127.0.0.2 is allowed, 127.0.0.1 is not."""
        self.everywhere.stop()
        return [self.peer(Good(host, self.everywhere.port)).start()
                for host in ("127.0.0.2", "127.0.0.1")]

    def test_names_that_lead_here(self):
        for records in (
                {"A": ["127.0.0.1"]}, {"AAAA": ["::1"]}, {"A": ["0.0.0.0"]},
                {"AAAA": ["::ffff:127.0.0.1"]}, {"AAAA": ["64:ff9b::7f00:1"]},
                {"AAAA": ["2002:7f00:1::1"]}, {"AAAA": ["::7f00:1"]},
                {"AAAA": ["2001:0:4136:e378::80ff:fffe"]},
                {"A": ["169.254.169.254"]}, {"A": ["168.63.129.16"]}):
            self.dns.records["evil.example.org"] = records
            for kind in ("webhook", "email"):
                with self.subTest(kind=kind, **records):
                    self.refused(kind)

    def test_mixed_sets_are_refused_as_a_whole(self):
        good = "127.0.0.2"  # reachable here, and allowed
        for records in (
                {"A": [good, "127.0.0.1"]}, {"A": ["127.0.0.1", good]},
                {"A": [good], "AAAA": ["::1"]},
                {"A": [good], "AAAA": ["::ffff:127.0.0.1"]},
                {"A": [f"127.0.0.{i}" for i in range(2, 14)]}):
            self.dns.records["evil.example.org"] = records
            for kind in ("webhook", "email"):
                with self.subTest(kind=kind, **records):
                    self.refused(kind, [good])

    def test_every_kind_asks_the_guard(self):
        self.dns.records["evil.example.org"] = {
            "A": ["127.0.0.2", "127.0.0.1"]}
        for kind in KINDS:
            with self.subTest(kind):
                self.refused(kind, ["127.0.0.2"])

    def test_a_name_that_moves_between_two_deliveries(self):
        good, secret = self.two_places()
        self.dns.records["moves.example.org"] = {"A": ["127.0.0.2"]}
        config, more = self.through_dns(
            "webhook", "moves.example.org", good.port, ["127.0.0.2"])
        del more["subscribers"]
        worker = self.worker("webhook", config, **more)
        self.assertEqual(worker.deliver(message(), 20000)["status"],
                         "delivered")
        self.dns.records["moves.example.org"] = {"A": ["127.0.0.1"]}
        receipt = worker.deliver(message(seq=2), 20000)
        self.assertEqual(receipt["status"], "retry", receipt)
        self.assertIn("127.0.0.1 is a loopback address", receipt["detail"])
        self.dns.records["moves.example.org"] = {"A": ["127.0.0.2"]}
        self.assertEqual(worker.deliver(message(seq=2), 20000)["status"],
                         "delivered")
        worker.end()
        self.assertEqual(len(good.requests), 2)
        self.assertEqual(secret.connections, 0)
        self.assertIn(f"host: moves.example.org:{good.port}",
                      good.requests[0])

    def test_a_name_that_moves_with_every_question(self):
        good, secret = self.two_places()
        self.dns.records["turns.example.org"] = lambda kind, nth: (
            [] if kind != "A" else ["127.0.0.2", "127.0.0.1"][nth % 2:][:1])
        config, more = self.through_dns(
            "webhook", "turns.example.org", good.port, ["127.0.0.2"])
        del more["subscribers"]
        worker = self.worker("webhook", config, **more)
        told = {"delivered": 0, "retry": 0}
        for seq in range(1, 9):
            before = self.dns.asked("turns.example.org", "A")
            told[worker.deliver(message(seq=seq), 20000)["status"]] += 1
            # One question a delivery: what was judged is what is used.
            self.assertLessEqual(
                self.dns.asked("turns.example.org", "A") - before, 1)
        worker.end()
        self.assertEqual(len(good.requests), told["delivered"])
        self.assertGreater(told["delivered"], 0)
        self.assertGreater(told["retry"], 0)
        self.assertEqual(secret.connections, 0)


class Environment(Base):
    """Nothing around the worker leads its connections elsewhere."""

    def test_no_proxy_and_no_file_of_curl(self):
        proxy = self.peer(Everywhere()).start()
        good = self.peer(Good("127.0.0.1")).start()
        home = self.folder / "home"
        home.mkdir()
        where = f"http://127.0.0.1:{proxy.port}/"
        for name in (".curlrc", "_curlrc", "curlrc"):
            (home / name).write_text(f'proxy = "{where}"\nlocation\n')
        (home / ".netrc").write_text(
            "default login somebody password secret\n")
        (home / ".netrc").chmod(0o600)
        environment = {"HOME": str(home), "CURL_HOME": str(home),
                       "XDG_CONFIG_HOME": str(home), "NETRC":
                       str(home / ".netrc"), "NO_PROXY": "", "no_proxy": ""}
        for name in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy",
                     "socks_proxy", "smtp_proxy"):
            environment[name] = environment[name.upper()] = where
        config = {**KINDS["webhook"]("127.0.0.1", good.port),
                  "allow_addresses": ["127.0.0.1"]}
        status, text = self.attempt("webhook", config,
                                    environment=environment)
        self.assertEqual(status, "delivered", text)
        request, = good.requests
        self.assertFalse([h for h in request if "authorization" in h])
        # … nor around the policy.
        config["allow_addresses"] = []
        status, text = self.attempt("webhook", config,
                                    environment=environment)
        self.assertEqual(status, "retry", text)
        self.assertIn("127.0.0.1 is a loopback address", text)
        self.assertEqual(proxy.connections, 0)
        self.assertEqual(good.connections, 1)


class Journal(Case):
    def test_a_refusal_says_what_to_do(self):
        everywhere = self.peer(Everywhere()).start()
        agent = self.agent()
        agent.configure(channels={"hook": {
            "kind": "webhook", **KINDS["webhook"](
                "127.0.0.1", everywhere.port)}})
        agent.start()
        self.assertEqual(
            agent.api("POST", "/api/v1/channels/hook/test", {}).status, 202)
        says = "127.0.0.1 is a loopback address (127.0.0.0/8); to allow it, "
        agent.wait_log(says)
        self.assertIn("allow_addresses", agent.log())
        agent.stop()
        self.assert_clean_log(agent)
        self.assertEqual(everywhere.connections, 0)


if __name__ == "__main__":
    main()
