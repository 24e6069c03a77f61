"""TCP servers that behave badly on purpose, each on a free loopback port."""
import socket
import threading

from harness import free_port


class Stub:
    """Accepts connections and does one thing with each.

    behaviour: "silent" (accept, never answer), "close" (accept and close),
    "drip" (a byte of an HTTP answer every half second), "garbage" (bytes that
    are no HTTP at all), "black-hole" (the handshake never completes).
    """

    def __init__(self, behaviour="silent"):
        self.behaviour = behaviour
        self.port = free_port()
        self.connections = 0
        self.held = []
        self.ended = threading.Event()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        if behaviour == "black-hole":
            self._fill_backlog()
        else:
            self.listener.listen(256)
            threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def _fill_backlog(self):
        """Nobody accepts and the queue is full: SYNs are dropped."""
        self.listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self.held.append(filler)

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        try:
            if self.behaviour == "close":
                connection.close()
            elif self.behaviour == "garbage":
                connection.sendall(bytes(range(256)) * 16)
                connection.close()
            elif self.behaviour == "drip":
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
                for byte in answer + b"x" * 100000:
                    connection.sendall(bytes([byte]))
                    if self.ended.wait(0.5):
                        break
                connection.close()
            else:
                self.held.append(connection)
        except OSError:
            pass

    def stop(self):
        self.ended.set()
        for thing in [self.listener, *self.held]:
            try:
                thing.close()
            except OSError:
                pass
