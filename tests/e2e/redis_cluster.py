"""A Redis Cluster of the test's own on loopback ports: masters, each with one replica, that can be killed, cut off and
told to move slots."""

import contextlib
import hashlib
import re
import socket
import subprocess
import time

import redis

PASSWORD = "cluster secret"
NODE_TIMEOUT_MS = 1000
WAIT_S = 60


def wait_until(true, what, timeout_s=WAIT_S):
    deadline = time.monotonic() + timeout_s
    while True:
        with contextlib.suppress(redis.RedisError):
            found = true()
            if found:
                return found
        assert time.monotonic() < deadline, f"{what} within {timeout_s} s"
        time.sleep(0.02)


def free_ports(number):
    """Below the range that the kernel gives out by itself, so that they stay free until a server takes them."""
    found, port = [], 20000 + time.monotonic_ns() // 1000 % 10000
    while len(found) < number:
        port = 20000 + (port - 20000 + 1) % 12000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found


def user_line(name, rule):
    """Of an ACL file; the rule's own password gives way to ours."""
    words = [word for word in rule if not word.startswith(">")]
    return " ".join(("user", name, *words, "#" + hashlib.sha256(PASSWORD.encode()).hexdigest())) + "\n"


class Node:
    """`users`: {name: words of its rule}, beside the default one, which may everything."""

    def __init__(self, folder, port, bus_port, users):
        self.folder, self.port, self.bus_port = folder, port, bus_port
        self.socket = folder / "redis.sock"
        folder.mkdir()
        everything = {"default": ("on", "~*", "&*", "+@all")}
        lines = [user_line(name, rule) for name, rule in (everything | users).items()]
        (folder / "users.acl").write_text("".join(lines))
        self.process = None
        self.start()
        self.client = redis.Redis(port=port, password=PASSWORD, decode_responses=True)
        wait_until(self.client.ping, f"an answer of node {port}")

    def start(self):
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "aclfile": self.folder / "users.acl",
            "masterauth": PASSWORD,
            "unixsocket": self.socket,
            "cluster-enabled": "yes",
            "cluster-port": self.bus_port,
            "cluster-node-timeout": NODE_TIMEOUT_MS,
            "cluster-replica-validity-factor": 0,  # also one that was cut off for long may be promoted
            "repl-diskless-sync-delay": 0,
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return self.url_of("")

    def url_of(self, user):
        return f"redis://{user}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}"

    def numbers(self, key):
        """As redis_server.Server has it: the node has all keys of a sensor."""
        if self.client.type(key) == "zset":
            return {name: int(score) for name, score in self.client.zrange(key, 0, -1, withscores=True)}
        return {name: int(value) for name, value in self.client.hgetall(key).items()}

    def is_master(self):
        return self.client.info("replication")["role"] == "master"

    def id(self):
        return self.client.execute_command("CLUSTER MYID")


class Cluster:
    def __init__(self, folder, masters=3, users=None):
        ports = free_ports(4 * masters)
        self.nodes = []
        try:
            for port, bus_port in zip(ports[::2], ports[1::2]):
                self.nodes.append(Node(folder / str(port), port, bus_port, users or {}))
            self._join(masters)
        except BaseException:
            self.stop()
            raise

    def _join(self, masters):
        addresses = [f"127.0.0.1:{node.port}" for node in self.nodes]
        # redis-cli waits a second and more between its looks: what it does is quicker by hand.
        for number, node in enumerate(self.nodes):
            node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            if number:
                first = self.nodes[0]
                node.client.execute_command("CLUSTER MEET", "127.0.0.1", first.port, first.bus_port)
        for number in range(masters):
            slots = (16384 * number // masters, 16384 * (number + 1) // masters - 1)
            self.nodes[number].client.execute_command("CLUSTER ADDSLOTSRANGE", *slots)
        for number, node in enumerate(self.nodes[masters:]):
            master = self.nodes[number].id()
            wait_until(lambda: self._knows(node, master), "a meeting of all nodes")
            node.client.execute_command("CLUSTER REPLICATE", master)
        wait_until(self.is_whole, f"a cluster of {addresses}")

    @staticmethod
    def _knows(node, identity):
        return identity in str(node.client.execute_command("CLUSTER NODES"))

    def is_whole(self):
        for node in self.nodes:
            info = str(node.client.execute_command("CLUSTER INFO"))
            known = node.client.execute_command("CLUSTER NODES").values()
            replicas = [one for one in known if "slave" in one["flags"] and "fail" not in one["flags"]]
            if not re.search("cluster_state.*?ok", info) or 2 * len(replicas) != len(self.nodes):
                return False
            state = node.client.info("replication")
            if state["role"] == "slave" and state["master_link_status"] != "up":
                return False
            if state["role"] == "master" and state["connected_slaves"] != 1:
                return False
        return True

    def stop(self):
        for node in self.nodes:
            node.kill()

    def slot(self, key):
        return self.nodes[0].client.execute_command("CLUSTER KEYSLOT", key)

    def owner(self, slot):
        """The master that has a slot, as a node that is alive sees it."""
        for node in self.nodes:
            with contextlib.suppress(redis.RedisError):
                for first, last, master, *_ in node.client.execute_command("CLUSTER SLOTS"):
                    if first <= slot <= last:
                        return next(n for n in self.nodes if n.port == master[1])
        raise AssertionError(f"nobody has slot {slot}")

    def replica_of(self, master):
        for node in self.nodes:
            if node is not master and node.process.poll() is None:
                state = node.client.info("replication")
                if state["role"] == "slave" and state["master_port"] == master.port:
                    return node
        raise AssertionError(f"{master.port} has no replica")

    def home(self, key):
        return self.owner(self.slot(key))
