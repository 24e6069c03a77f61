"""Kinds of paths, the faults that befall them, and their cures.

    cell = Cell(world, KINDS["ntfy"], "hang-after-body")
    cell.peer.start()
    cell.configuration()       # of the channel that leads to it
    cell.kind.prepare(cell)    # once the agent runs
    cell.fault.begin(cell); cell.end()
    cell.received(); cell.accepted(["case-1"])

A new kind is a row in KINDS. `world` has `dns` (peers/dns.py), `certificates`
({"right", "wrong"}: files), `ca_file`, which trusts both, `tocsin`, the agent,
and invitation(channel), the path of one.
"""
import base64
import dataclasses
import email
import email.policy
import email.utils
import math
import signal
import time
import typing
import urllib.parse

from peers.black_hole import BlackHole
from peers.gotify import Gotify
from peers.ntfy import Ntfy
from peers.pushover import TOKEN, USER, Pushover
from peers.script import Script
from peers.smtp_bad import BadSmtp
from peers.webhook import SECRET, Webhook
from peers.webpush import VAPID_PRIVATE, WebPush

TIMEOUT = "2s"               # of one delivery
HOST = "127.0.0.1"
NAMED = "sick.example.org"   # known to a name server that may fall silent
TLS_NAME = "localhost"
LOOPBACK = ["127.0.0.0/8", "::1"]


@dataclasses.dataclass(frozen=True)
class Kind:
    peer: typing.Callable      # a server that is well
    channel: typing.Callable   # (base URL or server, peer) -> configuration
    faults: dict               # name -> Fault
    key: typing.Callable       # idempotency key of what was received, or None
    # What of it names the probe or the incident.
    text: typing.Callable = lambda delivery: delivery.body.decode()
    # What else a cell needs once the agent runs; and after it was cured.
    prepare: typing.Callable = lambda cell: None
    plain: str = "http"
    tls: str = "https"

    def base(self, fault, port):
        scheme = self.tls if fault.tls else self.plain
        return f"{scheme}://{fault.host}:{port}"

    def configuration(self, fault, peer, ca_file):
        base = self.base(fault, peer.port)
        made = {"timeout": TIMEOUT, "messages_per_minute": 6000,
                **self.channel(base, peer)}
        if not self.plain:
            return made  # it connects nowhere
        made["allow_addresses"] = LOOPBACK
        if fault.tls:
            made["ca_file"] = str(ca_file)
            if "starttls" in made:
                made["starttls"] = "required"
        elif base.startswith("http:"):
            made["allow_http"] = True
        return made


# ---- faults: how a cell falls ill, and how it is cured ----

@dataclasses.dataclass(frozen=True)
class Fault:
    begin: typing.Callable
    end: typing.Callable
    tls: bool = False
    host: str = HOST
    torment: int = 0           # a signal that its worker gets, again and again
    # Must there be deliveries that a person has to send again?
    needs_resend: bool = False
    rests: bool = False        # … and the channel rests until it is changed
    loses: bool = False        # what the cell was prepared with is gone


def answers(*answer, **more):
    """The receiver answers so; and then as it should."""
    def begin(cell):
        cell.well = cell.peer.answer
        cell.peer.answer = answer

    def end(cell):
        cell.peer.answer = cell.well
    return Fault(begin, end, **more)


def talks(mode, **more):
    """The mail server, or the command, behaves so; and then well."""
    def begin(cell):
        cell.peer.mode = mode

    def end(cell):
        cell.peer.mode = "well"
    return Fault(begin, end, **more)


def stop(cell):
    cell.peer.stop()


def start(cell):
    cell.peer.start()


def dig(cell):
    cell.peer.stop()
    cell.hole = BlackHole(cell.peer.port)


def fill_up(cell):
    cell.hole.stop()
    cell.peer.start()


def ask_to_wait_until(cell):
    """429 with a date."""
    cell.well = cell.peer.answer
    cell.not_before = math.ceil(time.time()) + 5
    date = email.utils.formatdate(cell.not_before, usegmt=True)
    cell.peer.answer = ("status", 429, {"Retry-After": date})


def forget_date(cell):
    cell.peer.answer = cell.well


def show(name):
    def change(cell):
        cell.peer.stop()
        cell.peer.certificate = cell.world.certificates[name]
        cell.peer.start()
    return change


def silence(cell):
    cell.world.dns.silent = True


def speak(cell):
    cell.world.dns.silent = False


def torment(cell):
    cell.tormented = True


def relent(cell):
    cell.tormented = False


SHARED = {
    "refused": Fault(stop, start),
    "black-hole": Fault(dig, fill_up),
    "tls-name": Fault(show("wrong"), show("right"), tls=True, host=TLS_NAME),
    "resolver-dead": Fault(silence, speak, host=NAMED),
    "worker-stopped": Fault(torment, relent, torment=signal.SIGSTOP),
    "worker-crashes": Fault(torment, relent, torment=signal.SIGKILL),
}
HTTP = {
    **SHARED,
    "drip": answers("drip"),
    "hang-after-body": answers("hang"),
    "half-body": answers("half"),
    "429-seconds": answers("status", 429, {"Retry-After": "3"}),
    "429-date": Fault(ask_to_wait_until, forget_date),
    "429": answers("status", 429),
    "500": answers("status", 500),
    "410": answers("status", 410),
}
# What the engineer reads meanwhile.
SAYS = {
    "refused": "refused after", "black-hole": "timed out|no answer within",
    "tls-name": "not localhost|localhost: hostname mismatch",
    "resolver-dead": f"no resolver answered for {NAMED} within",
    "worker-stopped": "let a job's deadline pass",
    "drip": "no response within|in time", "drip-lines": "in time",
    "silent": "in time", "hang-after-body": "no response within|in time",
    "half-body": "in the middle of the response|dropped connection",
    "429-seconds": "status 429", "429-date": "status 429",
    "429": "status 429", "500": "status 500", "410": "410|has subscribed",
    "450": "450 4.7.1", "451": "451 4.3.0", "550": "550 5.1.1",
    "554": "554 5.3.2", "gone": "No such file", "never": "status 65",
    "fails": "status 1", "later": "status 75", "dies": r"signal 9 \(KILL\)",
    "hang": "in time", "stubborn": "in time", "flood": "in time",
    "deaf": "in time", "leaves": "status 75",
}
# Where nobody reads the body of a 2xx, half of one is no fault.
WITHOUT_BODY = {k: v for k, v in HTTP.items() if k != "half-body"}
SMTP = {
    **SHARED,
    "drip": talks("drip"),
    "silent": talks("silent"),
    "drip-lines": talks("drip_lines"),
    "hang-after-body": talks("hang_after_data"),
    "half-body": talks("close_after_data"),
    "450": talks(("reply", "MAIL", "450 4.7.1 too many, come again later")),
    "451": talks(("reply", "RCPT", "451 4.3.0 something is wrong here")),
    "550": talks(("reply", "RCPT", "550 5.1.1 gone"), needs_resend=True),
    "554": talks("refuse"),
}
EXEC = {
    "gone": Fault(lambda cell: cell.peer.move_away(),
                  lambda cell: cell.peer.put_back()),
    "never": talks("never", needs_resend=True),
    **{mode: talks(mode) for mode in (
        "fails", "later", "hang", "stubborn", "drip", "flood", "dies",
        "leaves", "deaf")},
    "worker-stopped": SHARED["worker-stopped"],
    "worker-crashes": SHARED["worker-crashes"],
}


def header(name):
    return lambda delivery: delivery.headers.get(name)


def topic(delivery):
    """What is pushed is encrypted; its topic is the incident."""
    text = delivery.headers.get("topic", "")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def subscribe(cell):
    """A browser opens an invitation."""
    browser = cell.peer.browser(cell.peer.subscribe())
    path = urllib.parse.urlsplit(browser["endpoint"]).path
    browser["endpoint"] = cell.base() + path
    reply = cell.world.tocsin.tcp(
        "POST", cell.world.invitation(cell.channel) + "/subscribe", browser)
    if reply.status != 201:
        raise AssertionError(f"subscribing to {cell.channel}: {reply}")


def no_key(_delivery):
    """The protocol has no place for one."""


KINDS = {
    "webhook": Kind(
        Webhook, lambda base, _: {
            "kind": "webhook", "secret": SECRET, "url": f"{base}/hook"},
        {**HTTP, "410": answers("status", 410, needs_resend=True,
                               rests=True)},
        header("webhook-id")),
    "ntfy": Kind(
        Ntfy, lambda base, _: {"kind": "ntfy", "url": f"{base}/oncall"},
        HTTP, header("x-idempotency-key")),
    "gotify": Kind(
        Gotify, lambda base, _: {
            "kind": "gotify", "url": base, "token": Gotify().token},
        HTTP, no_key),
    "pushover": Kind(
        Pushover, lambda base, _: {
            "kind": "pushover", "url": base, "token": TOKEN, "user": USER},
        HTTP, no_key),
    "webpush": Kind(
        WebPush, lambda base, _: {
            "kind": "webpush", "private_key": VAPID_PRIVATE,
            "subject": "mailto:ops@example.org"},
        {**WITHOUT_BODY, "410": answers("status", 410, loses=True)},
        no_key, text=topic, prepare=subscribe),
    "email": Kind(
        BadSmtp, lambda base, _: {
            "kind": "email", "server": base, "starttls": "none",
            "from": "tocsin@example.org", "to": ["oncall@example.org"]},
        SMTP, lambda mail: mail["X-Tocsin-Delivery"],
        plain="smtp", tls="smtp"),
    "exec": Kind(
        Script, lambda _, peer: {"kind": "exec", "command": [str(peer.path)]},
        EXEC, lambda run: run.key, text=lambda run: run.text, plain=""),
}


def is_named(names, text):
    return any(name in text for name in names)


class Cell:
    """One kind with one fault: a channel and its receiver."""

    def __init__(self, world, kind, name):
        self.world, self.kind, self.name = world, kind, name
        self.fault = kind.faults[name]
        self.channel = f"sick-{name}"
        self.peer = kind.peer()
        self.well = self.hole = self.not_before = None
        self.tormented = False
        if self.fault.tls:
            self.peer.certificate = world.certificates["right"]

    def configuration(self):
        return self.kind.configuration(
            self.fault, self.peer, self.world.ca_file)

    def base(self):
        return self.kind.base(self.fault, self.peer.port)

    def end(self):
        self.fault.end(self)
        if self.fault.loses:
            self.kind.prepare(self)

    def received(self):
        """[(key, text), …] of all that came whole, accepted or not."""
        if isinstance(self.peer, BadSmtp):
            mails = [email.message_from_bytes(m, policy=email.policy.default)
                     for m in self.peer.messages()]
            return [(self.kind.key(m), m.get_body(("plain",)).get_content())
                    for m in mails]
        return [(self.kind.key(d), self.kind.text(d))
                for d in self.peer.attempts()]

    def accepted(self, names):
        """Did somebody say yes to what one of the names stands in?"""
        if isinstance(self.peer, BadSmtp):
            return any(is_named(names, text) for _, text in self.received())
        return any(is_named(names, self.kind.text(d))
                   for d in self.peer.messages())
