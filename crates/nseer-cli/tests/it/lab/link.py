"""link.py A B: carries frames between two interfaces as a poor link does.

Each takes 20 to 29 ms, so that some overtake others. Of each third port the first probe is lost, and of each
third one the first answer. The kernel's own means for it (tc-netem(8)) is a module that not every machine has.
"""

import heapq
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4
# In front of each frame stands what the kernel left undone, such as its checksum.
HEADER = 10


def end(name):
    """All that comes in at an interface, and the way out of it."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind((name, 0))
    return sock


def ports(frame):
    """Protocol, source and destination port of a TCP or UDP packet over IPv4; else None."""
    ip = frame[HEADER + 14 :]
    if frame[HEADER + 12 : HEADER + 14] != b"\x08\x00" or len(ip) < 24 or ip[9] not in (6, 17):
        return None
    at = (ip[0] & 15) * 4
    return ip[9], int.from_bytes(ip[at : at + 2], "big"), int.from_bytes(ip[at + 2 : at + 4], "big")


near, far = end(sys.argv[1]), end(sys.argv[2])
lost, waiting, count = set(), [], 0


def is_lost(frame, outward):
    """True for the first probe or the first answer of some ports, each once."""
    found = ports(frame)
    if not found:
        return False
    port = found[2] if outward else found[1]
    if port % 3 != (0 if outward else 1) or (found[0], port, outward) in lost:
        return False
    lost.add((found[0], port, outward))
    return True


print("ready", flush=True)
while True:
    pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for sock in select.select([near, far], [], [], pause)[0]:
        frame, source = sock.recvfrom(70000)
        outward = sock is near
        if source[2] == PACKET_OUTGOING or is_lost(frame, outward):
            continue
        count += 1
        heapq.heappush(waiting, (time.monotonic() + 0.020 + count * 7 % 10 / 1000, count, outward, frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, outward, frame = heapq.heappop(waiting)
        (far if outward else near).send(frame)
