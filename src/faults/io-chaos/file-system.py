"""A file system over a folder of the target that passes everything through, and does a fault to it when told to.

`serve FOLDER` waits at the socket FOLDER/mounts for mounts to serve, and does what its standard input says, a JSON
object a line: {"begin": {...}} and {"end": true}. It answers on standard output. At the end of its input there is no
fault any more, and it ends with the last mount: whoever started it may die, and the target's files go on to work.

`mount FOLDER PLACE NAME -- COMMAND...` runs in the mount namespace of the target: it covers PLACE, hands the mount to
the server, and becomes the command. Without a server the command is started with nothing over the folder.

When the server dies, the kernel refuses what was waiting for it (ENOTCONN): nothing hangs.

Layouts: linux/fuse.h, protocol 7.31. Standard library only.
"""

import ctypes
import errno
import functools
import json
import os
import random
import re
import resource
import socket
import stat
import struct
import sys
import threading
import time

ROOT = 1
MINOR = 31
WRITE_BYTES_MAX = 128 * 1024
BUFFER_BYTES = WRITE_BYTES_MAX + 4096
THREADS_MAX = 128
NODES_MAX = 1 << 20
REPORT_SECONDS = 0.2

DIRECT_IO = 1
ASYNC_READ, ATOMIC_TRUNCATE, BIG_WRITES, PARALLEL_DIRECTORIES = 1 << 0, 1 << 3, 1 << 5, 1 << 18
EXTENDED, SHARED_MAPS_OF_DIRECT_IO = 1 << 30, 1 << 4
SET_MODE, SET_UID, SET_GID, SET_SIZE, SET_ATIME, SET_MTIME, BY_HANDLE = 1, 2, 4, 8, 16, 32, 64
SET_ATIME_NOW, SET_MTIME_NOW = 128, 256
KEEP = (1 << 32) - 1

HEADER = struct.Struct("=IIQQIIIHH")
ANSWER = struct.Struct("=IiQ")
ATTRIBUTES = struct.Struct("=6Q10I")
INIT, DESTROY, FORGET, FORGET_SEVERAL, INTERRUPT = 26, 38, 2, 42, 36

METHODS = {
    1: "lookup", 3: "getattr", 4: "setattr", 5: "readlink", 6: "symlink", 8: "mknod", 9: "mkdir", 10: "unlink",
    11: "rmdir", 12: "rename", 13: "link", 14: "open", 15: "read", 16: "write", 17: "statfs", 18: "release",
    20: "fsync", 21: "setxattr", 22: "getxattr", 23: "listxattr", 24: "removexattr", 25: "flush", 27: "opendir",
    28: "readdir", 29: "releasedir", 30: "fsyncdir", 35: "create", 43: "fallocate", 45: "rename2", 46: "lseek",
}
# What Chaos Mesh has no name for goes by the name of what it does.
NAMED_AS = {"rename2": "rename", "fallocate": "write", "lseek": "read"}
MAKING = {"create", "mkdir", "mknod", "symlink", "link"}
CHANGING = MAKING | {"setattr", "unlink", "rmdir", "rename", "write", "setxattr", "removexattr"}
# Their parameter begins with so many bytes, and a name follows.
NAME_AFTER = {"lookup": 0, "unlink": 0, "rmdir": 0, "symlink": 0, "mkdir": 8, "mknod": 16, "create": 16, "rename": 8,
              "rename2": 16}
KINDS = {
    "namedPipe": stat.S_IFIFO, "charDevice": stat.S_IFCHR, "blockDevice": stat.S_IFBLK, "directory": stat.S_IFDIR,
    "regularFile": stat.S_IFREG, "symlink": stat.S_IFLNK, "socket": stat.S_IFSOCK,
}


def text_of(payload):
    return payload[: payload.index(b"\0")]


def through(descriptor):
    """A path to what an O_PATH descriptor stands for, for calls that take no such descriptor."""
    return f"/proc/self/fd/{descriptor}"


class Refused(Exception):
    """Carries the errno that the target gets."""


class Fault:
    """What is done to which calls; counts them."""

    def __init__(self, order):
        self.action = order["action"]
        self.methods = frozenset(order["methods"])
        self.pattern = re.compile(order["pattern"].encode(), re.DOTALL) if order.get("pattern") else None
        self.share = order["percent"] / 100
        self.seconds = order.get("delayMs", 0) / 1000
        self.errno = order.get("errno", 0)
        self.attributes = order.get("attr", {})
        self.mistake = order.get("mistake", {})
        self.random = random.Random(order["seed"])
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.hits = 0
        self.matches = functools.lru_cache(maxsize=4096)(self.is_meant)

    def is_meant(self, path):
        return self.pattern is None or self.pattern.fullmatch(path) is not None

    def strikes(self, method, path_of):
        if self.over.is_set() or method not in self.methods:
            return False
        if self.pattern is not None and not self.matches(path_of()):
            return False
        with self.lock:
            return self.share >= 1 or self.random.random() < self.share

    def hit(self):
        with self.lock:
            self.hits += 1

    def spoil(self, data):
        """Some segments of the data become zeros or random bytes."""
        spoilt = bytearray(data)
        with self.lock:
            for _ in range(self.random.randint(1, self.mistake["maxOccurrences"])):
                length = min(self.random.randint(1, self.mistake["maxLength"]), len(data))
                start = self.random.randint(0, len(data) - length)
                filling = bytes(length) if self.mistake["filling"] == "zero" else self.random.randbytes(length)
                spoilt[start : start + length] = filling
        return bytes(spoilt)

    def overridden(self, fields):
        """The fields of an answer, those of the fault in their places; the kind of a file is not among them."""
        ino, size, blocks, atime, mtime, ctime, ansec, mnsec, cnsec, mode, nlink, uid, gid, rdev, *rest = fields
        asked = self.attributes
        times = {"atime": (atime, ansec), "mtime": (mtime, mnsec), "ctime": (ctime, cnsec)}
        for name in times:
            if name in asked:
                times[name] = (asked[name]["sec"] & (1 << 64) - 1, asked[name]["nsec"])
        return (
            asked.get("ino", ino) & (1 << 64) - 1, asked.get("size", size) & (1 << 64) - 1,
            asked.get("blocks", blocks) & (1 << 64) - 1, *(seconds for seconds, _ in times.values()),
            *(nanoseconds for _, nanoseconds in times.values()),
            stat.S_IFMT(mode) | asked.get("perm", stat.S_IMODE(mode)), asked.get("nlink", nlink) & KEEP,
            asked.get("uid", uid) & KEEP, asked.get("gid", gid) & KEEP, asked.get("rdev", rdev) & KEEP, *rest,
        )


class Server:
    """All mounts of a target, one after the other as it is started again, and the fault that they have in common."""

    def __init__(self):
        self.fault = None
        self.hits_before = 0
        self.mounts = set()
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.speaking = threading.Lock()

    def say(self, **words):
        with self.speaking:
            try:
                print(json.dumps(words), flush=True)
            except OSError:
                pass  # Nobody listens any more.

    def begin(self, order):
        self.end()
        self.fault = Fault(order)

    def end(self):
        fault, self.fault = self.fault, None
        if fault:
            fault.over.set()
            self.hits_before += fault.hits

    def hits(self):
        fault = self.fault
        return self.hits_before + (fault.hits if fault else 0)

    def report(self):
        told = None
        while True:
            hits = self.hits()
            if hits != told:
                told = hits
                self.say(hits=hits)
            threading.Event().wait(REPORT_SECONDS)

    def welcome(self, listener):
        while True:
            connection, _ = listener.accept()
            try:
                with connection:
                    words, descriptors, _, _ = socket.recv_fds(connection, 65536, 2)
                    if len(descriptors) != 2:
                        continue
                    mount = Mount(self, *descriptors, words)
                    with self.lock:
                        self.mounts.add(mount)
                    mount.another_thread()
                    connection.sendall(b"served")
            except OSError:
                continue

    def gone(self, mount):
        with self.lock:
            self.mounts.discard(mount)
            self.changed.notify_all()

    def wait_for_the_last(self):
        with self.lock:
            self.changed.wait_for(lambda: not self.mounts)


class Node:
    """A file that the kernel knows; an O_PATH descriptor holds it, whatever its name becomes."""

    __slots__ = ("descriptor", "key", "lookups")

    def __init__(self, descriptor, key):
        self.descriptor, self.key, self.lookups = descriptor, key, 0


class Folder:
    """An open folder: its entries as they were when it was opened or read from its begin."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.entries = []

    def read(self):
        self.entries = [(b".", stat.S_IFDIR), (b"..", stat.S_IFDIR)]
        with os.scandir(self.descriptor) as found:
            for entry in found:
                name = os.fsencode(entry.name)
                kind = stat.S_IFLNK if entry.is_symlink() else stat.S_IFDIR if entry.is_dir() else 0
                self.entries.append((name, kind))


class Mount:
    def __init__(self, server, device, root, place):
        self.server, self.device, self.place = server, device, place
        self.nodes = {ROOT: Node(root, None)}
        self.nodes[ROOT].lookups = 1
        self.by_key = {}
        self.next_node = ROOT + 1
        self.handles = {}
        self.next_handle = 1
        self.waiting = {}
        self.lock = threading.Lock()
        self.threads = self.idle = 0
        self.ended = False
        self.base = os.fsencode(os.readlink(through(root))).rstrip(b"/")

    def another_thread(self):
        with self.lock:
            self.threads += 1
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while not self.ended:
            with self.lock:
                self.idle += 1
            try:
                request = os.read(self.device, BUFFER_BYTES)
            except OSError as error:
                # ENOENT: what was asked was taken back before it was read.
                if error.errno not in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
                    self.ended = True
                request = b""
            with self.lock:
                self.idle -= 1
                alone = self.idle == 0 and self.threads < THREADS_MAX and not self.ended
            if alone:
                self.another_thread()
            if request:
                self.take(request)
        with self.lock:
            self.threads -= 1
            last = self.threads == 0
        if last:
            self.close()

    def close(self):
        for node in self.nodes.values():
            os.close(node.descriptor)
        for handle in self.handles.values():
            os.close(handle.descriptor if isinstance(handle, Folder) else handle)
        os.close(self.device)
        self.server.gone(self)

    def answer(self, unique, error=0, payload=b""):
        try:
            os.writev(self.device, [ANSWER.pack(16 + len(payload), -error, unique), payload])
        except OSError:
            pass  # Who asked is gone.

    def take(self, request):
        _, opcode, unique, node, uid, gid, *_ = HEADER.unpack_from(request)
        payload = request[HEADER.size :]
        if opcode == FORGET:
            return self.forget(node, *struct.unpack_from("=Q", payload))
        if opcode == FORGET_SEVERAL:
            (count,) = struct.unpack_from("=I", payload)
            for index in range(count):
                self.forget(*struct.unpack_from("=QQ", payload, 8 + 16 * index))
            return None
        if opcode == INTERRUPT:
            (waiting,) = struct.unpack_from("=Q", payload)
            with self.lock:
                pause = self.waiting.get(waiting)
            if pause:
                pause.set()
            return None
        try:
            self.answer(unique, 0, self.carry_out(opcode, unique, node, (uid, gid), payload))
        except Refused as refused:
            self.answer(unique, refused.args[0])
        except OSError as error:
            self.answer(unique, error.errno or errno.EIO)
        except Exception as error:
            # Whatever goes wrong here, the target must not wait for ever.
            self.answer(unique, errno.EIO)
            self.server.say(trouble=repr(error))
        return None

    def carry_out(self, opcode, unique, node, owner, payload):
        if opcode == INIT:
            return self.init(payload)
        if opcode == DESTROY:
            return b""
        method = METHODS.get(opcode)
        if method is None:
            raise Refused(errno.ENOSYS)
        named = NAMED_AS.get(method, method)
        fault = self.server.fault
        path_of = functools.cache(lambda: self.path(method, node, payload))
        struck = fault is not None and fault.strikes(named, path_of)
        if struck:
            self.disturb(fault, named, method, unique, node, payload)
        return getattr(self, method)(node, payload, owner, fault if struck else None)

    def disturb(self, fault, named, method, unique, node, payload):
        """Waits, or refuses."""
        if fault.action == "latency":
            pause = threading.Event()
            with self.lock:
                self.waiting[unique] = pause
            fault.hit()
            try:
                self.wait(fault, pause)
            finally:
                with self.lock:
                    self.waiting.pop(unique, None)
        if fault.action == "fault":
            fault.hit()
            raise Refused(fault.errno)
        if fault.action == "readOnly" and self.would_change(named, payload):
            fault.hit()
            raise Refused(errno.EROFS)
        if fault.action == "diskFull" and self.would_grow(named, method, payload):
            fault.hit()
            raise Refused(errno.ENOSPC)

    @staticmethod
    def wait(fault, pause):
        # In steps, so that the end of the fault lets go of what waits.
        left = fault.seconds
        while left > 0 and not fault.over.is_set():
            if pause.wait(min(left, 0.05)):
                raise Refused(errno.EINTR)
            left -= 0.05

    @staticmethod
    def would_change(named, payload):
        if named == "open":
            (flags,) = struct.unpack_from("=I", payload)
            return flags & (os.O_ACCMODE | os.O_TRUNC) != 0
        return named in CHANGING

    def would_grow(self, named, method, payload):
        if named in MAKING or method == "fallocate":
            return True
        if named != "write":
            return False
        handle, offset, size = struct.unpack_from("=QQI", payload)
        return offset + size > os.fstat(self.handles[handle]).st_size

    # Names and nodes

    def path(self, method, node, payload):
        descriptor = self.nodes[node].descriptor
        known = os.fsencode(os.readlink(through(descriptor)))
        below = known[len(self.base) :].removesuffix(b" (deleted)")
        if method == "link":
            name = text_of(payload[8:])
        elif method in NAME_AFTER:
            name = text_of(payload[NAME_AFTER[method] :])
        else:
            return self.place + below
        return self.place + below + b"/" + name

    def forget(self, number, lookups):
        with self.lock:
            node = self.nodes.get(number)
            if node is None or number == ROOT:
                return
            node.lookups -= lookups
            if node.lookups > 0:
                return
            del self.nodes[number]
            if self.by_key.get(node.key) == number:
                del self.by_key[node.key]
            os.close(node.descriptor)

    def at(self, number):
        return self.nodes[number].descriptor

    def entry(self, parent, name, fault):
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self.at(parent))
        try:
            found = os.fstat(descriptor)
            kind = stat.S_IFMT(found.st_mode)
            if fault and fault.action == "attrOverride" and "kind" in fault.attributes:
                kind = KINDS[fault.attributes["kind"]]
            # The kernel never lets a file change its kind: as another kind it is another file.
            key = (found.st_dev, found.st_ino, kind)
            with self.lock:
                number = self.by_key.get(key)
                if number is None:
                    number, self.next_node = self.next_node, self.next_node + 1
                    self.nodes[number] = Node(descriptor, key)
                    self.by_key[key] = number
                    descriptor = None
                self.nodes[number].lookups += 1
        finally:
            if descriptor is not None:
                os.close(descriptor)
        # Nothing is remembered: each call comes here.
        return struct.pack("=4Q2I", number, 0, 0, 0, 0, 0) + self.attributes(found, kind, fault)

    @staticmethod
    def attributes(found, kind, fault):
        fields = (
            found.st_ino, found.st_size, found.st_blocks,
            *(nanoseconds // 10**9 for nanoseconds in (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)),
            *(nanoseconds % 10**9 for nanoseconds in (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)),
            kind | stat.S_IMODE(found.st_mode), found.st_nlink, found.st_uid, found.st_gid, found.st_rdev & KEEP,
            found.st_blksize, 0,
        )
        if fault and fault.action == "attrOverride":
            fault.hit()
            fields = fault.overridden(fields)
        seconds = (value & (1 << 64) - 1 for value in fields[:6])
        return ATTRIBUTES.pack(*seconds, *fields[6:])

    def made(self, parent, name, owner, fault):
        """What was made belongs to who made it, as if there were nobody between."""
        uid, gid = owner
        of_folder = os.fstat(self.at(parent))
        group = KEEP if of_folder.st_mode & stat.S_ISGID else gid
        os.chown(name, uid, -1 if group == KEEP else group, dir_fd=self.at(parent), follow_symlinks=False)
        return self.entry(parent, name, fault)

    def handle(self, opened):
        with self.lock:
            number, self.next_handle = self.next_handle, self.next_handle + 1
            self.handles[number] = opened
        return number

    # Operations, by their names

    @staticmethod
    def init(payload):
        major, _, read_ahead, flags = struct.unpack_from("=4I", payload)
        if major != 7:
            raise Refused(errno.EPROTO)
        offered = flags & (ASYNC_READ | ATOMIC_TRUNCATE | BIG_WRITES | PARALLEL_DIRECTORIES | EXTENDED)
        more = SHARED_MAPS_OF_DIRECT_IO if flags & EXTENDED else 0
        if len(payload) >= 20 and flags & EXTENDED:
            more &= struct.unpack_from("=I", payload, 16)[0]
        return struct.pack(
            "=4I2H2I2HI28x", 7, MINOR, read_ahead, offered, 64, 48, WRITE_BYTES_MAX, 1, WRITE_BYTES_MAX // 4096, 0, more
        )

    def lookup(self, node, payload, _, fault):
        return self.entry(node, text_of(payload), fault)

    def getattr(self, node, payload, _, fault):
        known = self.nodes[node]
        found = os.fstat(known.descriptor)
        kind = known.key[2] if known.key else stat.S_IFMT(found.st_mode)
        return struct.pack("=QII", 0, 0, 0) + self.attributes(found, kind, fault)

    def setattr(self, node, payload, owner, fault):
        (valid, _, handle, size, _, atime, mtime, _, ansec, mnsec, _, mode, _, uid, gid, _) = struct.unpack_from(
            "=II6Q8I", payload
        )
        path = through(self.at(node))
        if valid & SET_MODE:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & (SET_UID | SET_GID):
            os.chown(path, uid if valid & SET_UID else -1, gid if valid & SET_GID else -1)
        if valid & SET_SIZE:
            os.truncate(self.handles[handle] if valid & BY_HANDLE else path, size)
        if valid & (SET_ATIME | SET_MTIME):
            found = os.fstat(self.at(node))
            times = [found.st_atime_ns, found.st_mtime_ns]
            if valid & SET_ATIME:
                times[0] = time.time_ns() if valid & SET_ATIME_NOW else atime * 10**9 + ansec
            if valid & SET_MTIME:
                times[1] = time.time_ns() if valid & SET_MTIME_NOW else mtime * 10**9 + mnsec
            os.utime(path, ns=tuple(times))
        return self.getattr(node, payload, owner, fault)

    def readlink(self, node, *_):
        return os.fsencode(os.readlink("", dir_fd=self.at(node)))

    def symlink(self, node, payload, owner, fault):
        name = text_of(payload)
        os.symlink(text_of(payload[len(name) + 1 :]), name, dir_fd=self.at(node))
        return self.made(node, name, owner, fault)

    def mknod(self, node, payload, owner, fault):
        mode, device = struct.unpack_from("=II", payload)
        os.mknod(name := text_of(payload[16:]), mode, device, dir_fd=self.at(node))
        return self.made(node, name, owner, fault)

    def mkdir(self, node, payload, owner, fault):
        (mode,) = struct.unpack_from("=I", payload)
        os.mkdir(name := text_of(payload[8:]), mode, dir_fd=self.at(node))
        return self.made(node, name, owner, fault)

    def unlink(self, node, payload, *_):
        os.unlink(text_of(payload), dir_fd=self.at(node))
        return b""

    def rmdir(self, node, payload, *_):
        os.rmdir(text_of(payload), dir_fd=self.at(node))
        return b""

    def rename(self, node, payload, *_):
        (folder,) = struct.unpack_from("=Q", payload)
        return self.move(node, folder, 0, payload[8:])

    def rename2(self, node, payload, *_):
        folder, flags = struct.unpack_from("=QI", payload)
        return self.move(node, folder, flags, payload[16:])

    def move(self, node, folder, flags, names):
        old = text_of(names)
        new = text_of(names[len(old) + 1 :])
        if libc.renameat2(self.at(node), old, self.at(folder), new, flags) != 0:
            raise Refused(ctypes.get_errno())
        return b""

    def link(self, node, payload, _, fault):
        (old,) = struct.unpack_from("=Q", payload)
        name = text_of(payload[8:])
        os.link(through(self.at(old)), name, dst_dir_fd=self.at(node), follow_symlinks=True)
        return self.entry(node, name, fault)

    def open(self, node, payload, *_):
        (flags,) = struct.unpack_from("=I", payload)
        wanted = flags & ~(os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL | os.O_DIRECT)
        handle = self.handle(os.open(through(self.at(node)), wanted | os.O_CLOEXEC))
        return struct.pack("=QII", handle, DIRECT_IO, 0)

    def create(self, node, payload, owner, fault):
        flags, mode = struct.unpack_from("=II", payload)
        name = text_of(payload[16:])
        parent = self.at(node)
        wanted = flags & ~os.O_DIRECT | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            opened = os.open(name, wanted | os.O_EXCL, mode, dir_fd=parent)
            entry = self.made(node, name, owner, fault)
        except FileExistsError:
            if flags & os.O_EXCL:
                raise
            # Somebody else was faster.
            opened = os.open(name, wanted, mode, dir_fd=parent)
            entry = self.entry(node, name, fault)
        return entry + struct.pack("=QII", self.handle(opened), DIRECT_IO, 0)

    def read(self, _node, payload, _, fault):
        handle, offset, size = struct.unpack_from("=QQI", payload)
        data = os.pread(self.handles[handle], size, offset)
        if fault and fault.action == "mistake" and data:
            fault.hit()
            return fault.spoil(data)
        return data

    def write(self, _node, payload, *_):
        handle, offset, size = struct.unpack_from("=QQI", payload)
        return struct.pack("=II", os.pwrite(self.handles[handle], payload[40 : 40 + size], offset), 0)

    def statfs(self, node, _payload, _, fault):
        found = os.statvfs(through(self.at(node)))
        full = fault is not None and fault.action == "diskFull"
        free, available = (0, 0) if full else (found.f_bfree, found.f_bavail)
        return struct.pack(
            "=5Q10I", found.f_blocks, free, available, found.f_files, found.f_ffree, found.f_bsize, found.f_namemax,
            found.f_frsize, *[0] * 7,
        )

    def flush(self, _node, payload, *_):
        (handle,) = struct.unpack_from("=Q", payload)
        os.close(os.dup(self.handles[handle]))
        return b""

    def release(self, _node, payload, *_):
        (handle,) = struct.unpack_from("=Q", payload)
        os.close(self.handles.pop(handle))
        return b""

    def fsync(self, _node, payload, *_):
        handle, flags = struct.unpack_from("=QI", payload)
        (os.fdatasync if flags & 1 else os.fsync)(self.handles[handle])
        return b""

    def fallocate(self, _node, payload, *_):
        handle, offset, length, mode = struct.unpack_from("=QQQI", payload)
        if libc.fallocate(self.handles[handle], mode, offset, length) != 0:
            raise Refused(ctypes.get_errno())
        return b""

    def lseek(self, _node, payload, *_):
        handle, offset, whence = struct.unpack_from("=QQI", payload)
        return struct.pack("=Q", os.lseek(self.handles[handle], offset, whence))

    def opendir(self, node, *_):
        folder = Folder(os.open(through(self.at(node)), os.O_RDONLY | os.O_DIRECTORY))
        return struct.pack("=QII", self.handle(folder), 0, 0)

    def readdir(self, _node, payload, *_):
        handle, offset, size = struct.unpack_from("=QQI", payload)
        folder = self.handles[handle]
        if offset == 0:
            folder.read()
        answer = b""
        for index in range(offset, len(folder.entries)):
            name, kind = folder.entries[index]
            entry = struct.pack("=QQII", KEEP, index + 1, len(name), kind >> 12) + name
            entry += bytes(-len(entry) % 8)
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer

    def releasedir(self, _node, payload, *_):
        (handle,) = struct.unpack_from("=Q", payload)
        os.close(self.handles.pop(handle).descriptor)
        return b""

    def fsyncdir(self, _node, payload, *_):
        (handle,) = struct.unpack_from("=Q", payload)
        os.fsync(self.handles[handle].descriptor)
        return b""

    def setxattr(self, node, payload, *_):
        size, flags = struct.unpack_from("=II", payload)
        name = text_of(payload[8:])
        start = 8 + len(name) + 1
        os.setxattr(through(self.at(node)), name, payload[start : start + size], flags)
        return b""

    def getxattr(self, node, payload, *_):
        (size,) = struct.unpack_from("=I", payload)
        return sized(os.getxattr(through(self.at(node)), text_of(payload[8:])), size)

    def listxattr(self, node, payload, *_):
        (size,) = struct.unpack_from("=I", payload)
        names = os.listxattr(through(self.at(node)))
        return sized(b"".join(os.fsencode(name) + b"\0" for name in names), size)

    def removexattr(self, node, payload, *_):
        os.removexattr(through(self.at(node)), text_of(payload))
        return b""


def sized(value, size):
    """The value, or how long it is when nothing else is asked."""
    if size == 0:
        return struct.pack("=II", len(value), 0)
    if len(value) > size:
        raise Refused(errno.ERANGE)
    return value


def listen(folder):
    os.chdir(folder)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Relative: the name of a socket has little room.
    listener.bind("mounts")
    os.chmod("mounts", 0o600)
    listener.listen(16)
    os.chdir("/")
    return listener


def serve(folder):
    os.umask(0)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (NODES_MAX, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, max(most, hard)))
            break
        except (ValueError, OSError):
            continue
    server = Server()
    listener = listen(folder)
    threading.Thread(target=server.welcome, args=(listener,), daemon=True).start()
    threading.Thread(target=server.report, daemon=True).start()
    server.say(state="off")
    for line in sys.stdin:
        order = json.loads(line)
        if "begin" in order:
            server.begin(order["begin"])
            server.say(state="on", hits=server.hits())
        else:
            server.end()
            server.say(state="off", hits=server.hits())
    server.end()
    server.wait_for_the_last()
    # Threads that still wait for the kernel are no reason to stay.
    os._exit(0)


def mount(folder, place, name, command):
    here = os.getcwd()
    try:
        os.chdir(folder)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect("mounts")
        root = os.open(place, os.O_PATH | os.O_DIRECTORY)
        device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other"
        if libc.mount(name.encode(), place.encode(), b"fuse.firedrill", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        socket.send_fds(connection, [os.fsencode(place)], [device, root])
        os.close(device)
        if connection.recv(16) != b"served":
            libc.umount2(place.encode(), 2)
            raise OSError(errno.ENOTCONN, "not served")
        connection.close()
        os.close(root)
    except OSError as error:
        print(f"firedrill: nothing is mounted over {place}: {error}", file=sys.stderr, flush=True)
    # The working folder may be in what is covered now.
    os.chdir(here)
    os.execvp(command[0], command)


def main():
    verb, folder, *rest = sys.argv[1:]
    if verb == "serve":
        serve(folder)
    place, name, _, *command = rest
    mount(folder, place, name, command)


libc = ctypes.CDLL(None, use_errno=True)
main()
