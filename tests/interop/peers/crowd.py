"""Opens many connections to a port of the loopback interface, and keeps them.

    crowd.py PORT COUNT [silent|speaking]

Those that speak perform the opening handshake; those that are silent send nothing. When all are there it prints "ready".
When the server has ended them all it prints "ended".
"""

import resource
import selectors
import socket
import sys

REQUEST = (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def main():
    port, count, speaking = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "speaking"
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    selector = selectors.DefaultSelector()
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        if speaking:
            connection.sendall(REQUEST)
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 101"), answer
        selector.register(connection, selectors.EVENT_READ)
    print("ready", flush=True)

    while selector.get_map():
        for key, _ in selector.select():
            try:
                ended = not key.fileobj.recv(4096)
            except ConnectionError:
                ended = True
            if ended:
                selector.unregister(key.fileobj)
                key.fileobj.close()
    print("ended", flush=True)


main()
