#!/usr/bin/env python3
"""A WebSocket echo: websocket_server.py ADDRESS PORT serves, websocket_server.py ADDRESS PORT client talks to it."""

import asyncio
import sys

import websockets

address, port = sys.argv[1], int(sys.argv[2])


async def echo(socket, *_):
    async for message in socket:
        await socket.send(message)


async def serve():
    async with websockets.serve(echo, address, port, subprotocols=["chat"], compression=None):
        await asyncio.Future()


async def talk():
    async with websockets.connect(f"ws://{address}:{port}/chat?room=7", subprotocols=["chat"], compression=None) as s:
        for message in ["hello", "x" * 200, bytes(range(256)) * 300]:
            await s.send(message)
            await s.recv()
        await s.send(iter(["three ", "fragments ", "here"]))
        await s.recv()
        await (await s.ping(b"are you there"))


asyncio.run(talk() if sys.argv[3:] == ["client"] else serve())
