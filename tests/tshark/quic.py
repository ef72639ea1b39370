"""The first packets of QUIC connections (RFC 9000, 9001, 9369), protected with the keys that follow from the client's first connection id. The program
openssl does AES."""
import hashlib
import hmac
import random
import struct
import subprocess

VERSION_1, VERSION_2, DRAFT_29 = 1, 0x6b3343cf, 0xff00001d
SALTS = {VERSION_1: '38762cf7f55934b34d179ae6a4c80cadccbb7f0a', VERSION_2: '0dede3def700a6db819381be6e269dcbf9bd2ed9',
         DRAFT_29: 'afbfec289993d24c9e9786f19c6111e04390a899'}
INITIAL, HANDSHAKE, RETRY = 0, 2, 3  # types of packets; version 2 counts one higher
PARAMETERS = bytes.fromhex('01024064' + '040480100000' + '0f050102030405')  # of transport: idle timeout, bytes of a connection, connection id
PADDED = 1200  # bytes of a datagram that holds an Initial packet, at least


def openssl(cipher, key, data, *arguments):
    return subprocess.run(['openssl', 'enc', '-e', '-' + cipher, '-nopad', '-K', key.hex(), *arguments], input=data, capture_output=True, check=True).stdout


def expand(secret, label, size):
    """HKDF-Expand-Label of RFC 8446 for at most 32 bytes."""
    label = b'tls13 ' + label.encode()
    return hmac.digest(secret, struct.pack('>HB', size, len(label)) + label + b'\0\1', hashlib.sha256)[:size]


def product(x, y):
    """In the field of GCM (NIST SP 800-38D, 6.3), whose first bit is the highest one of a number."""
    z = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            z ^= y
        y = y >> 1 ^ (0xe1 << 120 if y & 1 else 0)
    return z


def gcm(key, nonce, header, content):
    """Content as AES-128-GCM seals it, and its tag."""
    first = nonce + b'\0\0\0\1'
    sealed = openssl('aes-128-ctr', key, content, '-iv', (nonce + b'\0\0\0\2').hex())
    blocks = openssl('aes-128-ecb', key, bytes(16) + first)
    factor, mask = (int.from_bytes(blocks[at:at + 16], 'big') for at in (0, 16))
    filled = lambda data: data + bytes(-len(data) % 16)
    total, hashed = 0, filled(header) + filled(sealed) + struct.pack('>QQ', 8 * len(header), 8 * len(sealed))
    for at in range(0, len(hashed), 16):
        total = product(total ^ int.from_bytes(hashed[at:at + 16], 'big'), factor)
    return sealed + (total ^ mask).to_bytes(16, 'big')


def number(value):
    """A number in two bytes, or in one."""
    return bytes([value]) if value < 64 else struct.pack('>H', 0x4000 | value)


def header(version, kind, destination, source):
    kind = (kind + (version == VERSION_2)) % 4
    return struct.pack('>BI', 0xc1 | kind << 4, version) + b''.join(bytes([len(i)]) + i for i in (destination, source))


def initial(version, first_id, from_client, destination, source, packet, frames, token=b''):
    """An Initial packet. The keys follow from `first_id`, which the client chose (or, after Retry, the server)."""
    prefix = 'quicv2 ' if version == VERSION_2 else 'quic '
    secret = expand(hmac.digest(bytes.fromhex(SALTS[version]), first_id, hashlib.sha256), 'client in' if from_client else 'server in', 32)
    key, nonce, header_key = (expand(secret, prefix + label, size) for label, size in (('key', 16), ('iv', 12), ('hp', 16)))
    head = header(version, INITIAL, destination, source) + number(len(token)) + token
    head += struct.pack('>HH', 0x4000 | len(frames) + 16 + 2, packet)
    sealed = gcm(key, nonce[:-2] + bytes(a ^ b for a, b in zip(nonce[-2:], head[-2:])), head, frames)
    mask = openssl('aes-128-ecb', header_key, sealed[2:18])
    return bytes([head[0] ^ mask[0] & 0xf]) + head[1:-2] + bytes(a ^ b for a, b in zip(head[-2:], mask[1:])) + sealed


def handshake(version, destination, source, size):
    """A Handshake packet, whose content an observer cannot read."""
    return header(version, HANDSHAKE, destination, source) + number(size) + random.randbytes(size)


def negotiation(destination, source, versions):
    return b'\xc0' + bytes(4) + b''.join(bytes([len(i)]) + i for i in (destination, source)) + struct.pack(f'>{len(versions)}I', *versions)


def retry(version, destination, source, token):
    """Its last 16 bytes are no valid tag: an observer needs none."""
    return header(version, RETRY, destination, source) + token + random.randbytes(16)


def crypto(stream, begin, end):
    return b'\6' + number(begin) + number(end - begin) + stream[begin:end]


def acknowledge(packet):
    return b'\2' + number(packet) + b'\0\0\0'


def client_datagrams(version, first_id, source, hello, mixed, token=b''):
    """Initial packets with a hello. Mixed: it lies in many frames without order, in packets whose neighbours change places."""
    cuts = sorted(random.sample(range(1, len(hello)), 12)) if mixed else range(1000, len(hello), 1000)
    pieces = [crypto(hello, begin, end) for begin, end in zip([0, *cuts], [*cuts, len(hello)])]
    if mixed:
        random.shuffle(pieces)
        pieces = [piece + random.choice([b'', b'\0', b'\1']) for piece in pieces]  # PADDING, PING
    packets, room = [b''], 1100
    for piece in pieces:
        if packets[-1] and len(packets[-1]) + len(piece) > room:
            packets.append(b'')
        packets[-1] += piece
    made = [initial(version, first_id, True, first_id, source, i, frames.ljust(PADDED - 47, b'\0'), token) for i, frames in enumerate(packets)]
    return made[::-1] if mixed else made


def with_extension(hello, kind, content):
    """A client's hello with one extension more."""
    at = 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at:at + 2], 'big')
    at += 1 + hello[at]
    extensions = hello[at + 2:] + struct.pack('>HH', kind, len(content)) + content
    body = hello[4:at] + struct.pack('>H', len(extensions)) + extensions
    return hello[:1] + struct.pack('>I', len(body))[1:] + body
