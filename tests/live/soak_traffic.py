#!/usr/bin/env python3
"""Traffic of the test `soak`: as a program, what sends on an interface; else packets for a pipe."""
import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time


def frame(number, reply, source=10):
    """A conversation for each number: a request and its answer."""
    ends = [struct.pack('>I', (source << 24) + (number >> 14)), bytes((172, 16, 0, 1))]
    ports = [1024 + (number & 0x3fff), 53]
    if reply:
        ends.reverse()
        ports.reverse()
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 48, number & 0xffff, 0, 64, 17, 0, *ends)
    return bytes.fromhex('020000000001 020000000002 0800') + ip + struct.pack('>HHHH', *ports, 28, 0) + bytes(20)


def send_on_wire(rate):
    """Sends conversations of four packets; answers each line of standard input when it is done: `on`, `off`, `flood NUMBER`, `end`."""
    conversation = flooded = 0
    on = True
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(('wire', 0))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

        def send(data):
            with contextlib.suppress(OSError):  # the interface is down
                s.send(data)
        while True:
            ready, _, _ = select.select([sys.stdin], [], [], 0.02)
            if ready:
                word, *number = (sys.stdin.readline() or 'end').split()
                if word == 'flood':
                    for _ in range(int(number[0])):
                        flooded += 1
                        send(frame(flooded, False, source=11))
                else:
                    on = word == 'on'
                print(word, flush=True)
                if word == 'end':
                    return
            for _ in range(int(rate) // 50 // 4 if on else 0):
                conversation += 1
                for reply in (0, 1, 0, 1):
                    send(frame(conversation, reply))


class Sender:
    def __init__(self, place):
        self.process = place.start([sys.executable, os.path.realpath(__file__), 1000], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.place = place

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        self.process.stdout.readline()

    def sent(self):
        """What the other end of the wire took; it takes nothing while it is down."""
        lines = self.place.run('cat', '/proc/net/dev', stdout=subprocess.PIPE).stdout.decode().splitlines()
        return int(next(line for line in lines if line.strip().startswith('wire:')).split()[10])


class Pipe(threading.Thread):
    """Packets for a program's standard input, a few hundred each second, with times that `step` shifts."""

    def __init__(self, out):
        super().__init__(daemon=True)
        self.out, self.step, self.sent, self.over = out, 0, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            now = time.time_ns() + self.step * 10**9
            for number in range(self.sent, self.sent + 20):
                data = frame(number // 4, number & 1)
                self.out.write(struct.pack('<IIII', now // 10**9, now % 10**9, len(data), len(data)) + data)
            self.sent += 20
            self.out.flush()

    def end(self):
        self.over.set()
        self.join()
        self.out.close()


if __name__ == '__main__':
    send_on_wire(sys.argv[1])
