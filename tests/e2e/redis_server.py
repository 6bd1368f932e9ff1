"""A redis-server of the test's own on a unix socket, a proxy that loses replies, and the keys as Python values."""

import contextlib
import os
import random
import select
import socket
import subprocess
import threading
import time
from collections import Counter

import redis

START_S = 10


class Server:
    """Runs in `folder`; with `durable` every write is on disk before it is acknowledged."""

    def __init__(self, folder, durable=False, password=None):
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.options = ["--appendonly", "yes", "--appendfsync", "always"] if durable else []
        self.password = password
        if password:
            self.options += ["--requirepass", password]
        self.process = None
        self.start()

    @property
    def url(self):
        return f"unix://{self.socket}"

    def start(self):
        place = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--save", ""]
        self.process = subprocess.Popen(["redis-server", *place, *self.options], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=str(self.socket), decode_responses=True, password=self.password)
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.client.ping()
                return
            except (redis.ConnectionError, redis.BusyLoadingError):
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def numbers(self, key):
        """A hash or a sorted set as {name: number}."""
        if self.client.type(key) == "zset":
            return {name: int(score) for name, score in self.client.zrange(key, 0, -1, withscores=True)}
        return {name: int(value) for name, value in self.client.hgetall(key).items()}


def message_end(content, at=0):
    """Where the message of the Redis protocol that begins at `at` ends, None: not in here."""
    line = content.find(b"\r\n", at)
    if line < 0:
        return None
    kind, end = content[at : at + 1], line + 2
    if kind in b"+-:":
        return end
    number = int(content[at + 1 : line])
    if kind == b"$":
        end += number + 2 if number >= 0 else 0
        return end if end <= len(content) else None
    for _ in range(number):  # of an array
        end = message_end(content, end)
        if end is None:
            return None
    return end


# What a proxy may do to a request and its reply. What closes the connection leaves the client in doubt.
FAULTS = (
    "drop_request",  # it is not executed, and the connection closes
    "delay_request",  # the connection closes, and it is executed some time later
    "duplicate_request",  # it is executed twice, one reply comes back
    "drop_reply",  # it is executed, and the connection closes
    "delay_reply",
    "duplicate_reply",  # it comes back twice
)


class LossyProxy:
    """Executes every request, and instead of each `one_of`-th reply closes the connection. Or commits faults: a
    dictionary from one of FAULTS to how often, of 1."""

    DELAY_S = 0.03

    def __init__(self, server, one_of=0, faults=None, seed=1):
        self.server, self.one_of, self.faults = server, one_of, faults or {}
        self.dice = random.Random(seed)
        self.replies, self.lost = 0, 0
        self.done = Counter()
        self.path = server.folder / "proxy.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.stopped = False
        self.later = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    @property
    def url(self):
        return f"unix://{self.path}"

    def stop(self):
        self.stopped = True
        self.thread.join()
        for thread in self.later:
            thread.join()
        self.listener.close()
        os.unlink(self.path)

    def _run(self):
        while not self.stopped:
            if select.select([self.listener], [], [], 0.05)[0]:
                client, _ = self.listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                with client, contextlib.suppress(ConnectionError, FileNotFoundError):
                    upstream.connect(str(self.server.socket))
                    if self._serve(client, upstream):
                        continue  # somebody else closes it
                upstream.close()

    def _choose(self):
        number = self.dice.random()
        for fault, share in self.faults.items():
            number -= share
            if number < 0:
                self.done[fault] += 1
                return fault
        return None

    def _serve(self, client, upstream):
        """True if the connection to the server is still in use at the end."""
        received = b""
        while not self.stopped:
            if not select.select([client], [], [], 0.05)[0]:
                continue
            content = client.recv(1 << 20)
            if not content:
                return False
            received += content
            while (end := message_end(received)) is not None:
                request, received = received[:end], received[end:]
                fault = self._choose()
                if fault == "drop_request":
                    return False
                if fault == "delay_request":
                    self.later.append(threading.Thread(target=self._execute_later, args=(upstream, request)))
                    self.later[-1].start()
                    return True
                if not self._execute(client, upstream, request, fault):
                    return False
        return False

    def _execute_later(self, upstream, request):
        with upstream, contextlib.suppress(ConnectionError):
            time.sleep(self.dice.random() * self.DELAY_S)
            upstream.sendall(request)
            self._reply(upstream)

    @staticmethod
    def _reply(upstream):
        received = b""
        while message_end(received) is None:
            content = upstream.recv(1 << 20)
            if not content:
                raise ConnectionResetError
            received += content
        return received

    def _execute(self, client, upstream, request, fault):
        """False if the connection is to be closed."""
        upstream.sendall(request)
        reply = self._reply(upstream)
        if fault == "duplicate_request":
            upstream.sendall(request)
            self._reply(upstream)
        if fault == "delay_reply":
            time.sleep(self.dice.random() * self.DELAY_S)
        self.replies += 1
        if fault == "drop_reply" or (self.one_of and self.replies % self.one_of == 0):
            self.lost += 1
            return False
        client.sendall(reply + reply if fault == "duplicate_reply" else reply)
        return True
