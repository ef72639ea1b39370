#!/usr/bin/env python3
"""Collectors that the examples of the documentation send to: they take what comes and keep nothing.

    collectors.py CERTIFICATE KEY

UDP on port 2055, TCP on 4739 and 9995 of 192.0.2.7 and 2001:db8::7, TLS on 4740.
"""
import contextlib
import socket
import ssl
import sys
import threading

ADDRESSES = ('192.0.2.7', '2001:db8::7', '127.0.0.1')


def read_datagrams(address):
    with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, 2055))
        while True:
            s.recv(65535)


def read_streams(address, port, context):
    with socket.create_server((address, port), family=socket.AF_INET6 if ':' in address else socket.AF_INET) as listener:
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), connection:
                stream = context.wrap_socket(connection, server_side=True) if context else connection
                with stream:
                    while stream.recv(65535):
                        pass


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:3])
    readers = []
    for address in ADDRESSES:
        readers.append(threading.Thread(target=read_datagrams, args=(address,)))
        for port, tls in ((4739, None), (9995, None), (4740, context)):
            readers.append(threading.Thread(target=read_streams, args=(address, port, tls)))
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()


main()
