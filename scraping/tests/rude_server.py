"""A raw-socket HTTP server for answers that no well-behaved server gives."""

import socket
import threading
import time
from contextlib import contextmanager


class RudeServer:
    """Answers each request with `script(number, head, connection)`: bytes to send, or None when the
    script has sent what it wanted by itself. The connection is closed after an answer that says so
    or when the script returns None. `heads` are the requests received, with their times."""

    def __init__(self, script):
        self.script = script
        self.heads: list[tuple[float, str]] = []
        self._lock = threading.Lock()
        self._open = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        received = b""
        try:
            while True:
                while b"\r\n\r\n" not in received:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    received += piece
                head, _, received = received.partition(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
                )
                while len(received) < length:
                    received += connection.recv(65536)
                received = received[length:]
                with self._lock:
                    self.heads.append((time.monotonic(), head.decode("latin-1")))
                    number = len(self.heads)
                answer = self.script(number, head, connection)
                if answer is None:
                    return
                connection.sendall(answer)
                if b"connection: close" in answer.lower():
                    return
        except OSError:
            return  # the client hung up, which is what some of these tests are about
        finally:
            connection.close()
            self._open.discard(connection)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread, which would keep the port open
        self._listener.close()
        self._thread.join(5)
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed by its own thread meanwhile


@contextmanager
def rude(script):
    server = RudeServer(script)
    try:
        yield server
    finally:
        server.close()


def answer(body=b"{}", status="200 OK", content_type="application/json", length=None, **headers) -> bytes:
    """A whole HTTP answer. length: a Content-Length that lies. Underscores in header names are hyphens."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}"]
    if content_type is not None:
        lines.append(f"content-type: {content_type}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
