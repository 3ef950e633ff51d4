"""An echo server with the library `websockets`: python server.py deflate|plain"""

import asyncio
import re
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

PAYLOAD = "from websockets"


async def echo(connection):
    try:
        async for message in connection:
            close = isinstance(message, str) and re.fullmatch(r"close (\d+) (.*)", message)
            if close:
                await connection.close(int(close[1]), close[2])
            elif message == "ping me":
                await (await connection.ping(PAYLOAD))
                await connection.send(PAYLOAD)
            else:
                await connection.send(message)
    except ConnectionClosed:
        pass
    finally:
        await connection.wait_closed()
        print(connection.close_code, connection.close_reason, flush=True)


async def main():
    compression = "deflate" if sys.argv[1] == "deflate" else None
    options = {
        "compression": compression,
        "max_size": 4 << 20,
        "subprotocols": ["chat.v2", "chat.v1"],
    }
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
