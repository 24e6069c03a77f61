"""An SMTP server that misbehaves in one chosen way.

    bad = BadSmtp("hang_after_data").start()
    bad.port; bad.url       # smtp://127.0.0.1:PORT
    bad.messages()          # [bytes, …]: mails that reached the final dot
    bad.commands()          # every line it was sent, decoded
    bad.mode = "well"       # cured: from the next connection on
    bad.stop()

Modes:
    well               answers everything with 2xx, keeps the mails
    black_hole         answers no SYN: connecting takes as long as the client
    silent             accepts, never greets
    drip               greets a byte a second, for ever
    drip_lines         greets, then drips one EHLO continuation line a second
    hang_after_data    takes the mail, never answers the final dot
    close_after_data   takes the mail, hangs up instead of answering
    inject             slips plaintext behind the answer to STARTTLS
    no_starttls        never offers STARTTLS
    refuse             greets with 554
    busy               answers 421 to the greeting
    bare_greeting      greets with "220" and no word behind it, which RFC 5321
                       (4.2) asks clients to take, and libesmtp cannot
    tls13              speaks no TLS below 1.3
    ("reply", VERB, "550 text")  answers one command so, everything else well
With certificate=(cert, key) files it speaks TLS after STARTTLS.
"""
import socket
import ssl

from peers.listener import Listener


class BadSmtp(Listener):
    def __init__(self, mode="well", certificate=None, host="127.0.0.1"):
        super().__init__()
        self.host = host
        self.mode = mode
        self.certificate = certificate
        self._mails, self._commands = [], []
        self._fillers = []

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"smtp://{host}:{self.port}"

    def messages(self):
        return list(self._mails)

    def commands(self):
        return list(self._commands)

    def start(self):
        if self.mode != "black_hole":
            return super().start()
        # A full backlog drops every further SYN.
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self.port))
        self._socket.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)
        return self

    def stop(self):
        super().stop()
        for filler in self._fillers:
            filler.close()
        self._fillers = []

    def talk(self, connection):
        mode = self.mode
        if mode == "silent":
            self.ending.wait()
        elif mode == "drip":
            connection.sendall(b"220 ")
            while not self.ending.wait(1):
                connection.sendall(b"x")
        elif mode == "refuse":
            connection.sendall(b"554 5.3.2 no service here\r\n")
        elif mode == "busy":
            connection.sendall(b"421 4.3.2 come again later\r\n")
        else:
            dialogue = self.dialogue(self, connection, mode)
            try:
                dialogue.run()
            finally:
                dialogue.connection.close()


class Dialogue:
    def __init__(self, server, connection, mode):
        self.server, self.connection, self.mode = server, connection, mode
        self.lines = connection.makefile("rb")
        self.encrypted = False

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self):
        bare = self.mode == "bare_greeting"
        self.say("220" if bare else "220 bad.example.org ESMTP")
        while True:
            line = self.lines.readline(2000)
            if not line:
                return
            text = line.decode(errors="replace").strip()
            self.server._commands.append(text)
            verb = text.split(" ")[0].upper()
            if self.mode[0] == "reply" and self.mode[1] == verb:
                self.say(self.mode[2])
                continue
            known = getattr(self, "do_" + verb.lower(), None)
            if known is None:
                self.say("250 2.0.0 fine")
            elif known() is False:
                return

    def do_ehlo(self):
        if self.mode == "drip_lines":
            while not self.server.ending.wait(1):
                self.say("250-X-MORE")
        self.say("250-bad.example.org")
        offered = self.server.certificate or self.mode == "inject"
        if offered and not self.encrypted and self.mode != "no_starttls":
            self.say("250-STARTTLS")
        self.say("250 8BITMIME")

    def do_starttls(self):
        if self.mode == "inject":
            self.connection.sendall(
                b"220 go ahead\r\n250-bad.example.org\r\n250 AUTH PLAIN\r\n")
        else:
            self.say("220 go ahead")
        if not self.server.certificate:
            return False
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server.certificate)
        if self.mode == "tls13":
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.connection = context.wrap_socket(self.connection,
                                              server_side=True)
        self.lines = self.connection.makefile("rb")
        self.encrypted = True
        return True

    def do_data(self):
        self.say("354 end with a dot")
        mail = []
        while True:
            line = self.lines.readline(10000)
            if not line:
                return False
            if line == b".\r\n":
                break
            mail.append(line[1:] if line.startswith(b".") else line)
        self.server._mails.append(b"".join(mail))
        if self.mode == "hang_after_data":
            self.server.ending.wait()
            return False
        if self.mode == "close_after_data":
            return False
        self.say("250 2.0.0 taken")
        return True

    def do_quit(self):
        self.say("221 2.0.0 bye")
        return False


BadSmtp.dialogue = Dialogue
