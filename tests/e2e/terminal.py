"""A terminal for a program: a pty, and pyte that understands what the program writes to it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

PATIENCE_S = 20


class Terminal:
    def __init__(self, command, columns=80, rows=24, term="xterm-256color", locale="C.UTF-8"):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.master, self.slave = pty.openpty()
        self._size(columns, rows)
        self.modes = termios.tcgetattr(self.slave)
        environment = {**os.environ, "TERM": term, "LC_ALL": locale}
        for name in ("COLUMNS", "LINES", *(() if term is not None else ("TERM",))):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip

    def _size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        self._size(columns, rows)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds=0.05):
        """True if there was something."""
        ready = bool(select.select([self.master], [], [], seconds)[0])
        if ready:
            part = os.read(self.master, 65536)
            self.written += part
            self.stream.feed(part)
        return ready

    @property
    def lines(self):
        return self.screen.display

    @property
    def text(self):
        return "\n".join(self.lines)

    def wait(self, condition):
        """Until the text of the screen satisfies it."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition(self.text):
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None, f"ended: {self.process.returncode}\n{self.text}"
            self.read()
        while self.read(0.1):  # the rest of the page
            pass

    def shows(self, *words):
        self.wait(lambda text: all(word in text for word in words))

    def end(self):
        """Status of the program, that must be about to end."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self.read()
        self.read(0)
        return self.process.returncode

    def restored(self):
        """True if the terminal is as it was."""
        return termios.tcgetattr(self.slave) == self.modes

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
