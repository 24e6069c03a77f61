"""What the misbehaving and the well-behaved TCP peers stand on."""
import socket
import threading

from harness import free_port


class Listener:
    """A TCP server on loopback: subclasses say in talk(connection) what it
    does with one connection, in a thread of its own. start() and stop() as
    often as wanted, always on the same port. `connections` counts them."""

    backlog = 64
    host = "127.0.0.1"

    def __init__(self):
        self.port = free_port()
        self.connections = 0
        self.ending = threading.Event()
        self._socket = None
        self._open = set()
        self._lock = threading.Lock()

    def start(self):
        self.ending.clear()
        self._socket = socket.socket(
            socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((self.host, self.port))
        self._socket.listen(self.backlog)
        threading.Thread(target=self._accept, args=(self._socket,),
                         daemon=True).start()
        return self

    def _accept(self, listener):
        while not self.ending.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        try:
            self.talk(connection)
        except (OSError, ValueError):
            pass  # the other side went away: that is what is tested
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def talk(self, connection):
        raise NotImplementedError

    def stop(self):
        self.ending.set()
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
        self._socket = None
        with self._lock:
            for connection in list(self._open):
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
