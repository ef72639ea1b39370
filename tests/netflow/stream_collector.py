"""A collector of IPFIX over TCP that holds every session against RFC 7011. It knows nothing of how the exporter works."""
import contextlib
import socket
import struct
import threading
import time

from common import Failure, ipfix_records


class StreamCollector(threading.Thread):
    """Takes sessions one after the other; each must begin with the templates and with sequence 0, and have no gap."""

    def __init__(self, read, delay=0.0, port=0):
        super().__init__(daemon=True)
        self.read, self.delay = read, delay
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.listener.bind(('127.0.0.1', port))
        self.port = self.listener.getsockname()[1]
        self.sessions, self.flows, self.failure = 0, [], None
        if not delay:
            self.listener.listen(1)  # here and not in the thread, which a busy machine may run later than the exporter
        self.start()

    def run(self):
        try:
            if self.delay:
                time.sleep(self.delay)
                self.listener.listen(1)
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    self.sessions += 1
                    self.take_apart(self.read(self, connection))
        except OSError:
            pass  # the listener was closed
        except Failure as e:
            self.failure = e

    def take_apart(self, data):
        at, sequence, known = 0, 0, {}
        while at + 16 <= len(data):
            version, size, _, number, domain = struct.unpack('>HHIII', data[at:at + 16])
            if version != 10 or number != sequence or not known and data[at + 16:at + 18] != b'\0\2':
                raise Failure(f'session {self.sessions}: version {version}, sequence {number}, not {sequence}')
            message, at = data[at + 16:at + size], at + size
            if at > len(data):
                break
            for record, where in ipfix_records(message, known):
                sequence += 1
                if where is not None:
                    self.flows.append(record[where:where + 8] + record[:8])  # flowId and start: of a direction

    def stop(self):
        time.sleep(0.2)
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(20)
        if self.failure:
            raise self.failure


def read_all(_, connection, pause=0.0):
    data = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            data += part
            time.sleep(pause)
    return bytes(data)
