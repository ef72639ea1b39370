"""A small NATS client, independent of libnats: what is in a stream, by its protocol of text lines."""
import json
import socket


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout=20)
        self.file = self.socket.makefile('rb')
        self.file.readline()  # INFO
        self.send('CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\nSUB inbox 1\r\n')

    def send(self, text):
        self.socket.sendall(text.encode())

    def ask(self, subject, body='', reply='inbox'):
        self.send(f'PUB {subject} {reply} {len(body)}\r\n{body}\r\n')

    def message(self):
        """Headers and payload of the next message."""
        while True:
            line = self.file.readline().split()
            if not line:
                raise ConnectionError('the server closed the connection')
            if line[0] == b'PING':
                self.send('PONG\r\n')
            elif line[0] == b'MSG':
                payload = self.file.read(int(line[-1]) + 2)[:-2]
                return b'', payload
            elif line[0] == b'HMSG':
                both = self.file.read(int(line[-1]) + 2)[:-2]
                return both[:int(line[-2])], both[int(line[-2]):]

    def close(self):
        self.file.close()
        self.socket.close()


def request(port, subject, body=None):
    client = Client(port)
    try:
        client.ask(subject, json.dumps(body) if body else '')
        return json.loads(client.message()[1])
    finally:
        client.close()


def messages(port, stream):
    """(identifier, payload) of all, in their order: what a consumer without acknowledgements is handed."""
    count = request(port, f'$JS.API.STREAM.INFO.{stream}').get('state', {}).get('messages', 0)
    if count == 0:
        return []
    client = Client(port)
    try:
        config = {'deliver_subject': 'inbox', 'ack_policy': 'none', 'deliver_policy': 'all', 'replay_policy': 'instant', 'mem_storage': True, 'num_replicas': 1}
        client.ask(f'$JS.API.CONSUMER.CREATE.{stream}', json.dumps({'stream_name': stream, 'config': config}), 'inbox')
        found = []
        while len(found) < count:
            headers, payload = client.message()
            if not headers:
                continue  # the answer to the request
            names = dict(line.split(': ', 1) for line in headers.decode().split('\r\n')[1:] if ': ' in line)
            found.append((names.get('Nats-Msg-Id'), payload))
        return found
    finally:
        client.close()
