"""Passes connections of one loopback port on to another."""
import socket
import threading

from peers.listener import Listener


class Forward(Listener):
    def __init__(self, port, target):
        super().__init__()
        self.port = port
        self.target = target

    def talk(self, connection):
        with socket.create_connection(("127.0.0.1", self.target), 10) as other:
            back = threading.Thread(target=self.copy,
                                    args=(other, connection), daemon=True)
            back.start()
            self.copy(connection, other)
            back.join(60)

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            try:
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass
