"""A port that answers no SYN: connecting takes as long as the client waits."""
import socket


class BlackHole:
    """Nobody accepts and the queue is full, so that further SYNs are dropped."""

    def __init__(self, port):
        self._sockets = [socket.socket()]
        listener = self._sockets[0]
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            self._sockets.append(filler)

    def stop(self):
        for one in self._sockets:
            one.close()
        self._sockets = []
