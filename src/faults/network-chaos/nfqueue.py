"""Delays, drops, damages, doubles and reorders packets that carry a mark, one by one, through NFQUEUE.

Its first line of input is the order, as JSON; it writes what it does to standard output, a JSON object a line. One of
its sockets owns a table of the packet filter that leads marked packets into queues, the others are the queues. All end
with this process, however it ends: the kernel removes the table, and no packet is led here any more. At the end of its
input it lets go of what it holds and ends.

Layouts: linux/netfilter/nfnetlink.h, nf_tables.h, nfnetlink_queue.h and xt_NFQUEUE.h. Standard library only.
"""

import errno
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_NO_ENOBUFS = 5
REQUEST, ACK, EXCLUSIVE, CREATE = 1, 4, 0x200, 0x400
SUBSYSTEM_QUEUE, SUBSYSTEM_NFTABLES = 3, 10
NESTED = 0x8000
INET, LOCAL_IN, LOCAL_OUT = 1, 1, 3
DROP, ACCEPT = 0, 1

# Behind our own chain that marks (priority -60), before the filters of the machine (0).
PRIORITY = -59
QUEUE_PACKETS_MAX = 65535
RECEIVE_BYTES = 16 << 20
REPORT_SECONDS = 0.2


def attribute(kind, payload):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + b"\0" * (-length % 4)


def nested(kind, *parts):
    return attribute(kind | NESTED, b"".join(parts))


def text(kind, value):
    return attribute(kind, value.encode() + b"\0")


def number(kind, value):
    return attribute(kind, struct.pack(">I", value & 0xFFFFFFFF))


def message(kind, flags, sequence, family, resource, body):
    payload = struct.pack(">BBH", family, 0, resource) + body
    return struct.pack("=IHHII", 16 + len(payload), kind, flags, sequence, 0) + payload


def messages_in(data):
    while len(data) >= 16:
        length, kind = struct.unpack_from("=IH", data)
        yield kind, data[16:length]
        data = data[(length + 3) & ~3 :]


def attributes_in(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


class Netlink:
    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.bind((0, 0))
        self.sequence = 0

    def ask(self, messages):
        """Sends messages (without sequence numbers), and raises the first error that comes back."""
        data, awaited = b"", 0
        for kind, flags, family, resource, body in messages:
            self.sequence += 1
            data += message(kind, flags, self.sequence, family, resource, body)
            awaited += 1 if flags & ACK else 0
        self.socket.send(data)
        while awaited > 0:
            for kind, payload in messages_in(self.socket.recv(65536)):
                if kind != 2:
                    continue
                code = -struct.unpack_from("=i", payload)[0]
                if code != 0:
                    raise OSError(code, os.strerror(code))
                awaited -= 1


def expression(name, *attributes):
    return nested(1, text(1, name), nested(2, *attributes))


def led_to_queue(mark, queue):
    """The two ways to say it; which one exists depends on how the kernel was built."""
    modern = expression(
        "queue",
        attribute(1, struct.pack(">H", queue)),
        attribute(2, struct.pack(">H", 1)),
        attribute(3, struct.pack(">H", 1)),
    )
    # The extension of iptables, with bypass (1) as well.
    older = expression(
        "target", text(1, "NFQUEUE"), number(2, 3), attribute(3, struct.pack("=HHHxx", queue, 1, 1))
    )
    marked = (
        expression("meta", number(1, 1), number(2, 3))
        + expression(
            "bitwise",
            number(1, 1),
            number(2, 1),
            number(3, 4),
            nested(4, attribute(1, struct.pack("=I", mark))),
            nested(5, attribute(1, struct.pack("=I", 0))),
        )
        + expression("cmp", number(1, 1), number(2, 1), nested(3, attribute(1, struct.pack("=I", 0))))
    )
    return [marked + modern, marked + older]


def make_table(netlink, name, mark, queues):
    """One table, owned by this socket, with a chain for each direction."""
    owner = 2
    hooks = {"out": LOCAL_OUT, "in": LOCAL_IN}
    for way in (0, 1):
        orders = [(16, REQUEST, 0, SUBSYSTEM_NFTABLES, b"")]

        def add(kind, body):
            orders.append((SUBSYSTEM_NFTABLES << 8 | kind, REQUEST | ACK | CREATE | EXCLUSIVE, INET, 0, body))

        add(0, text(1, name) + number(2, owner))
        for direction, queue in queues.items():
            hook = nested(4, number(1, hooks[direction]), number(2, PRIORITY))
            add(3, text(1, name) + text(3, direction) + hook + number(5, ACCEPT) + text(7, "filter"))
            add(6, text(1, name) + text(2, direction) + nested(4, led_to_queue(mark, queue)[way]))
        orders.append((17, REQUEST, 0, SUBSYSTEM_NFTABLES, b""))
        try:
            netlink.ask(orders)
            return
        except OSError as error:
            if error.errno != errno.ENOENT or way == 1:
                raise
            # What else the kernel says of the batch that failed.
            netlink.socket.close()
            netlink.__init__()


class Dice:
    """Chances in a row, each like the one before by its correlation, as in tc-netem(8)."""

    def __init__(self, generator, correlation):
        self.generator = generator
        self.correlation = correlation / 100
        self.last = generator.random()

    def roll(self):
        if self.correlation > 0:
            self.last = self.generator.random() * (1 - self.correlation) + self.last * self.correlation
            return self.last
        return self.generator.random()


class Chance:
    def __init__(self, generator, share):
        self.share = share["percent"] / 100 if share else 0
        self.dice = Dice(generator, share["correlation"] if share else 0)

    def happens(self):
        return self.share > 0 and self.dice.roll() < self.share


class Effects:
    """What happens to each packet of one direction."""

    def __init__(self, order, generator):
        delay = order.get("delay")
        self.latency = delay["latencyMs"] / 1000 if delay else 0
        self.jitter = delay["jitterMs"] / 1000 if delay else 0
        self.delays = Dice(generator, delay["correlation"] if delay else 0)
        reorder = delay.get("reorder") if delay else None
        self.overtakes = Chance(generator, reorder)
        self.gap = reorder["gap"] if reorder else 0
        self.since_overtaking = 0
        self.loss = Chance(generator, order.get("loss"))
        self.duplicate = Chance(generator, order.get("duplicate"))
        self.corrupt = Chance(generator, order.get("corrupt"))
        line = order.get("line") or {}
        self.rate = line.get("bytesPerSecond", 0)
        self.burst = line.get("burstBytes", 0)
        self.limit = line.get("limitBytes", 0)
        self.free_at = 0.0
        peak = line.get("peak")
        self.peak_rate = peak["bytesPerSecond"] if peak else 0
        self.peak_burst = peak["burstBytes"] if peak else 0
        self.peak_free_at = 0.0
        self.generator = generator

    def delay(self):
        if self.latency == 0 and self.jitter == 0:
            return 0
        if self.gap > 0 or self.overtakes.share > 0:
            self.since_overtaking += 1
            # With a gap, only every gap-th packet may overtake; without one, each.
            if self.since_overtaking >= max(1, self.gap) and self.overtakes.happens():
                self.since_overtaking = 0
                return 0
        if self.jitter == 0:
            return self.latency
        return max(0, self.latency + (2 * self.delays.roll() - 1) * self.jitter)

    def through_line(self, length, now):
        """When the bytes have passed a line of limited speed; None when too many wait for it already."""
        if self.rate == 0:
            return now
        waiting = (self.free_at - now) * self.rate
        # One packet may always wait, however small the limit.
        if self.limit > 0 and waiting > 0 and waiting + length > max(self.limit, length):
            return None
        self.free_at = max(self.free_at, now - self.burst / self.rate) + length / self.rate
        if self.peak_rate > 0:
            begin = max(self.peak_free_at, now - self.peak_burst / self.peak_rate)
            self.peak_free_at = begin + length / self.peak_rate
        return max(now, self.free_at, self.peak_free_at)

    def damaged(self, packet):
        """One bit is turned, behind the header of IP."""
        header = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
        at = self.generator.randrange(min(header, len(packet) - 1), len(packet))
        damaged = bytearray(packet)
        damaged[at] ^= 1 << self.generator.randrange(8)
        return bytes(damaged)


class Doubler:
    """Sends packets once more; they carry a mark of their own, by which the filter leaves them alone."""

    def __init__(self, mark):
        self.sockets = {}
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            try:
                raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
            except OSError:
                continue
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            self.sockets[version] = raw

    def send(self, packet):
        version = packet[0] >> 4
        family, address = (socket.AF_INET, packet[16:20]) if version == 4 else (socket.AF_INET6, packet[24:40])
        self.sockets[version].sendto(packet, (socket.inet_ntop(family, address), 0))


class Queue:
    def __init__(self, direction, number_min, effects, mark, doubler):
        self.direction, self.effects, self.mark, self.doubler = direction, effects, mark, doubler
        # Whole packets only where their bytes matter; then, and where a line is slow, the kernel cuts up large ones.
        whole = effects.corrupt.share > 0 or effects.duplicate.share > 0
        small = whole or 0 < effects.rate < 5e6
        self.whole = whole
        self.netlink = Netlink()
        self.netlink.socket.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        # SO_RCVBUFFORCE: more than an ordinary program may have.
        self.netlink.socket.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BYTES)
        self.number = self.bind(number_min)
        copied = struct.pack(">IB", 0xFFFF if whole else 64, 2)
        self.configure(attribute(2, copied) + number(3, QUEUE_PACKETS_MAX))
        if not small:
            self.configure(number(4, 4) + number(5, 4))
        self.netlink.socket.setblocking(False)
        self.held = []
        self.order = 0
        self.counts = {"seen": 0, "hits": 0, "lost": 0}

    def configure(self, body):
        self.netlink.ask([(SUBSYSTEM_QUEUE << 8 | 2, REQUEST | ACK, 0, self.number, body)])

    def bind(self, number_min):
        """The first queue from this number on that nobody has."""
        for candidate in range(number_min, number_min + 200):
            self.number = candidate
            try:
                self.configure(attribute(1, struct.pack(">BxH", 1, 0)))
                return candidate
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.EBUSY):
                    raise
        raise OSError(errno.EBUSY, "200 queues in a row are taken")

    def receive(self):
        for _ in range(256):
            try:
                data = self.netlink.socket.recv(1 << 17)
            except BlockingIOError:
                return
            for kind, payload in messages_in(data):
                if kind == SUBSYSTEM_QUEUE << 8:
                    self.packet(attributes_in(payload[4:]))

    def packet(self, attributes):
        now = time.monotonic()
        identity = struct.unpack_from(">I", attributes[1])[0]
        mark = struct.unpack(">I", attributes[3])[0] if 3 in attributes else 0
        payload = attributes.get(10, b"")
        length = struct.unpack(">I", attributes[13])[0] if 13 in attributes else len(payload)
        effects = self.effects
        self.counts["seen"] += 1
        if effects.loss.happens():
            self.lose(identity)
            return
        sent_at = effects.through_line(length, now)
        if sent_at is None:
            self.lose(identity)
            return
        due = sent_at + effects.delay()
        damaged = effects.damaged(payload) if effects.corrupt.happens() else None
        double = payload if effects.duplicate.happens() else None
        if effects.rate > 0 or due > now or damaged or double:
            self.counts["hits"] += 1
        self.order += 1
        held = (due, self.order, identity, mark & ~self.mark, damaged, double)
        if due <= now:
            self.let_go(held)
        else:
            heapq.heappush(self.held, held)

    def lose(self, identity):
        self.counts["hits"] += 1
        self.counts["lost"] += 1
        self.verdict(identity, DROP, b"")

    def let_go(self, held):
        _, _, identity, mark, damaged, double = held
        self.verdict(identity, ACCEPT, number(3, mark) + (attribute(10, damaged) if damaged else b""))
        if double:
            try:
                self.doubler.send(double)
            except OSError:
                # The original is on its way; a device that is full takes no second.
                pass

    def verdict(self, identity, what, more):
        body = attribute(2, struct.pack(">II", what, identity)) + more
        data = message(SUBSYSTEM_QUEUE << 8 | 1, REQUEST, 0, 0, self.number, body)
        try:
            self.netlink.socket.send(data)
        except OSError:
            # The packet is gone, with its device or its connection.
            pass

    def release(self, now):
        """Lets go of what is due; returns when the next one is."""
        while self.held and self.held[0][0] <= now:
            self.let_go(heapq.heappop(self.held))
        return self.held[0][0] if self.held else None


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main():
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if part == b"":
            return
        line += part
    order = json.loads(line)
    generator = random.Random(order["seed"])
    tables = Netlink()
    # Two neighbouring bits of the packet's mark: led to the queue, and a double that is left alone. Who has them is in
    # the name of the table, which the kernel gives to one only.
    for pair in range(8):
        mark, double = 1 << (16 + 2 * pair), 1 << (17 + 2 * pair)
        doubler = Doubler(double) if order["effects"].get("duplicate") else None
        queues = {}
        for direction in order["directions"]:
            queues[direction] = Queue(direction, 25600, Effects(order["effects"], generator), mark, doubler)
        try:
            make_table(tables, order["prefix"] + "queue_" + str(pair), mark, {d: q.number for d, q in queues.items()})
            break
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.EPERM, errno.EBUSY) or pair == 7:
                raise
            tables.socket.close()
            tables = Netlink()
            for queue in queues.values():
                queue.netlink.socket.close()
    say(ready={"mark": mark, "double": double})
    if order.get("probe"):
        return
    run(list(queues.values()))


def run(queues):
    sockets = {queue.netlink.socket.fileno(): queue for queue in queues}
    told, told_at, due = "", 0.0, None
    while True:
        timeout = REPORT_SECONDS if due is None else max(0, min(REPORT_SECONDS, due - time.monotonic()))
        ready, _, _ = select.select([0, *sockets], [], [], timeout)
        if 0 in ready and os.read(0, 4096) == b"":
            break
        for descriptor in ready:
            if descriptor in sockets:
                sockets[descriptor].receive()
        now = time.monotonic()
        dues = [each for each in (queue.release(now) for queue in queues) if each is not None]
        due = min(dues) if dues else None
        if now - told_at >= REPORT_SECONDS:
            counts = {queue.direction: queue.counts for queue in queues}
            if json.dumps(counts) != told:
                told = json.dumps(counts)
                say(counts=counts)
            told_at = now
    for queue in queues:
        queue.release(float("inf"))
    say(counts={queue.direction: queue.counts for queue in queues})


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        say(error=f"{error.strerror or error}")
        sys.exit(1)
