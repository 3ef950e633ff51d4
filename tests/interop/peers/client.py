"""A client with the library `websockets`: python client.py URL deflate|plain "close CODE REASON"|"ask CODE REASON"|wait"""

import asyncio
import sys

from websockets.asyncio.client import connect

MIB = 1 << 20
NOISE = bytes((n * 0x9E3779B1 >> 24) & 0xFF for n in range(MIB))
MESSAGES = ["hello", "", "grüße, 世界, 🦀", bytes([0, 255, 128]), "play " * (MIB // 5), NOISE]


async def main(url, mode, end):
    options = {
        "compression": "deflate" if mode == "deflate" else None,
        "max_size": 4 << 20,
        "subprotocols": ["chat.v2", "chat.v1"],
    }
    async with connect(url, **options) as connection:
        extensions = connection.response.headers.get("Sec-WebSocket-Extensions", "")
        print(f"{connection.subprotocol} {extensions}".strip(), flush=True)
        for message in MESSAGES:
            await connection.send(message)
            assert await connection.recv() == message, "the echo is another message"
        await (await connection.ping("from websockets"))

        verb, _, rest = end.partition(" ")
        code, _, reason = rest.partition(" ")
        if verb == "close":
            await connection.close(int(code), reason)
        elif verb == "ask":
            await connection.send(f"close {code} {reason}")
        print("ready", flush=True)
        await connection.wait_closed()
        print(connection.close_code, connection.close_reason, flush=True)


asyncio.run(main(*sys.argv[1:]))
