#!/usr/bin/env python3
"""A collector that can be killed: what it reads is in its file at once. Started by the test `faults`.

    fault_collector.py JSON

    transport    udp, tcp, tls
    address, port
    file         every read is appended to the file, as a line of hex digits that follows the session's number; where that
                 is possible (not with tls), before the kernel forgets it, so that kill -9 cannot come in between
    stop_after   bytes: then it stops itself (SIGSTOP), and what comes stays in its buffer
    reset_after  bytes: then it resets the connection, and takes the next one
    close_after  bytes: then it closes the connection in order, and takes the next one
    handshake    false: a tls collector that closes in the middle of the handshake
    pause        seconds after each read
    certificate, key, authority    tls; with an authority it asks exporters for certificates
"""
import json
import os
import signal
import socket
import ssl
import struct
import sys
import time

options = json.loads(sys.argv[1])
out = os.open(options['file'], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
total = 0


def note(session, data, peeked=None):
    global total
    os.write(out, b'%d %s\n' % (session, data.hex().encode()))
    if peeked:
        peeked.recv(len(data))
    total += len(data)
    if total >= options.get('stop_after', 1 << 62):
        options['stop_after'] = 1 << 62
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(options.get('pause', 0))


def datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((options['address'], options['port']))
        while True:
            note(0, s.recv(65535, socket.MSG_PEEK), s)


def serve(session, connection):
    plain = not isinstance(connection, ssl.SSLSocket)
    while data := connection.recv(1 << 16, socket.MSG_PEEK if plain else 0):
        note(session, data, connection if plain else None)
        if total >= options.get('reset_after', 1 << 62):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            options['reset_after'] = 1 << 62
            return
        if total >= options.get('close_after', 1 << 62):
            options['close_after'] = 1 << 62
            return


def connections():
    context = None
    if options['transport'] == 'tls':
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options['certificate'], options['key'])
        if 'authority' in options:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options['authority'])
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
        listener.bind((options['address'], options['port']))
        listener.listen(1)
        for session in range(1, 1000):
            connection, _ = listener.accept()
            with connection:
                try:
                    if not options.get('handshake', True):
                        connection.recv(100)
                        continue
                    with context.wrap_socket(connection, server_side=True) if context else connection as c:
                        serve(session, c)
                except OSError:  # of TLS as well
                    pass


if options['transport'] == 'udp':
    datagrams()
else:
    connections()
