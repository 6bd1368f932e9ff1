"""A redis-server of the test's own on a unix socket, a proxy that loses replies, and the keys as Python values."""

import os
import select
import socket
import subprocess
import threading
import time

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


class LossyProxy:
    """Executes every request, and instead of each `one_of`-th reply closes the connection."""

    def __init__(self, server, one_of):
        self.server, self.one_of, self.replies, self.lost = server, one_of, 0, 0
        self.path = server.folder / "proxy.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.stopped = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    @property
    def url(self):
        return f"unix://{self.path}"

    def stop(self):
        self.stopped = True
        self.thread.join()
        self.listener.close()
        os.unlink(self.path)

    def _run(self):
        while not self.stopped:
            if select.select([self.listener], [], [], 0.05)[0]:
                client, _ = self.listener.accept()
                with client, socket.socket(socket.AF_UNIX) as upstream:
                    upstream.connect(str(self.server.socket))
                    self._serve(client, upstream)

    def _serve(self, client, upstream):
        while not self.stopped:
            for ready in select.select([client, upstream], [], [], 0.05)[0]:
                content = ready.recv(1 << 20)
                if not content:
                    return
                if ready is client:
                    upstream.sendall(content)
                    continue
                self.replies += 1
                if self.replies % self.one_of == 0:
                    self.lost += 1
                    return
                client.sendall(content)
