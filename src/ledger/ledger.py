# Stillpoint's order ledger: puts record 1 on the first volume, waits until it is on the disk, then record 2 on the next,
# and so on around. Whoever finds record k in a snapshot, and not every record before it, holds no one instant.
# record.ts has the form of a line, rule.ts the judgement. Python 3.5 or newer, no module outside of the standard library.
#
#   ledger.py [--for SECONDS] [--every MS] [--records N] [--until-input-ends] FOLDER FOLDER...
#
# It writes one file in each folder, stillpoint.ledger, whose size never changes once it is begun, and touches nothing
# else. Where a file system stands still, it waits like any other writer. It ends at SIGTERM, SIGINT, SIGHUP; with
# --until-input-ends also with the line that it came over, and when nothing was heard on that for a minute.
import errno
import fcntl
import hashlib
import os
import select
import signal
import stat
import sys
import time

NAME = 'stillpoint.ledger'
MARK = b'SPL-v1 '
BLANK = b'.' * 127 + b'\n'
MOST_RECORDS = 524287
MOST_VOLUMES = 99
TELL_SECONDS = 10
SILENT_SECONDS = 60  # a line that was cut may never say so

to_disk = getattr(os, 'fdatasync', os.fsync)


class Refused(Exception):
    pass


def refuse(folder, thrown):
    raise Refused('%s: %s' % (folder, os.strerror(thrown.errno) if thrown.errno else thrown))


class Order:
    def __init__(self, words):
        self.seconds, self.every_ms, self.records, self.with_input, self.folders = None, 2.0, 8192, False, []
        while words:
            word = words.pop(0)
            if word == '--until-input-ends':
                self.with_input = True
            elif word in ('--for', '--every', '--records') and words:
                self.take(word, words.pop(0))
            elif word.startswith('-'):
                raise Refused('%s is no option of this program, or needs a value' % word)
            else:
                self.folders.append(word)
        if not 2 <= len(self.folders) <= MOST_VOLUMES:
            raise Refused('a ledger needs two folders, on two file systems, and no more than %d' % MOST_VOLUMES)
        if not 2 <= self.records <= MOST_RECORDS:
            raise Refused('--records is between 2 and %d' % MOST_RECORDS)
        if not 0 <= self.every_ms <= 1000:
            raise Refused('--every is between 0 and 1000 ms')
        if self.seconds is not None and not 0 < self.seconds < 10 ** 9:
            raise Refused('--for is more than 0 seconds')

    def take(self, option, text):
        try:
            value = int(text) if option == '--records' else float(text)
        except ValueError:
            raise Refused('%s %s is no number' % (option, text))
        if option == '--for':
            self.seconds = value
        elif option == '--every':
            self.every_ms = value
        else:
            self.records = value


class Volume:
    """A folder, and later the file in it."""

    def __init__(self, folder):
        self.folder, self.file, self.old = folder, None, None
        try:
            self.at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            self.device = os.fstat(self.at).st_dev
            self.look()
        except OSError as thrown:
            refuse(folder, thrown)

    def look(self):
        """Whatever bears the name and is no ledger is somebody else's; a ledger that is being written is another writer's."""
        try:
            there = os.open(NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.at)
        except OSError as thrown:
            if thrown.errno == errno.ENOENT:
                return
            raise
        begins = os.read(there, len(MARK)) if stat.S_ISREG(os.fstat(there).st_mode) else b'?'
        if begins not in (b'', MARK):
            raise Refused('%s/%s is there and is no ledger; it is left alone' % (self.folder, NAME))
        self.lock(there)
        self.old = there  # open, and so locked, until the new one is

    def lock(self, file):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as thrown:
            if thrown.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise Refused('%s/%s is being written by another one' % (self.folder, NAME))
            raise

    def begin(self, head, records):
        try:
            self.remove()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self.file = os.open(NAME, flags, 0o644, dir_fd=self.at)
            self.lock(self.file)
            if self.old is not None:
                os.close(self.old)
            self.write(0, head)
            # In one piece after the other, so that a large ledger takes no memory.
            left, at = records, len(head)
            while left > 0:
                piece = BLANK * min(left, 4096)
                self.write(at, piece)
                left, at = left - 4096, at + len(piece)
            os.fsync(self.file)
            os.fsync(self.at)
        except OSError as thrown:
            refuse(self.folder, thrown)

    def remove(self):
        try:
            os.unlink(NAME, dir_fd=self.at)
        except OSError as thrown:
            if thrown.errno != errno.ENOENT:
                raise

    def write(self, at, piece):
        while piece:
            count = os.pwrite(self.file, piece, at)
            piece, at = piece[count:], at + count


class Ledger:
    def __init__(self, volumes, records):
        self.volumes, self.records = volumes, records
        self.id = os.urandom(8).hex()
        self.k, self.previous = 0, '0' * 24

    def begin(self):
        begun = []
        try:
            for number, volume in enumerate(self.volumes, 1):
                begun.append(volume)
                volume.begin(self.line(number, 0)[0], self.records)
        except Refused:
            for volume in begun:
                if volume.file is not None:
                    volume.remove()
            raise

    def go_on(self):
        """One record, on the disk when this returns."""
        k, count = self.k + 1, len(self.volumes)
        index = (k - 1) % count
        line, own = self.line(index + 1, k)
        volume = self.volumes[index]
        volume.write((1 + (k - 1) // count % self.records) * len(line), line)
        to_disk(volume.file)
        self.k, self.previous = k, own

    def line(self, number, k):
        form = 'SPL-v1 %s %02d/%02d %06d %012d %013d %013d %s'
        wall_ms, monotonic_ms = int(time.time() * 1000), int(time.monotonic() * 1000)
        signed = form % (self.id, number, len(self.volumes), self.records, k, wall_ms, monotonic_ms, self.previous)
        own = hashlib.sha256(signed.encode('ascii')).hexdigest()[:24]
        return ('%s %s\n' % (signed, own)).encode('ascii'), own


class Ending:
    """When to stop, and why."""

    def __init__(self, order):
        now = time.monotonic()
        self.why, self.with_input, self.heard_at = None, order.with_input, now
        self.at = None if order.seconds is None else now + order.seconds
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.on_signal)

    def on_signal(self, number, frame):
        self.why = 'signal %d' % number

    def has_come(self, wait_seconds):
        """Whether to stop, after a rest."""
        if self.with_input:
            self.listen(wait_seconds)
        else:
            time.sleep(wait_seconds)
        if self.at is not None and time.monotonic() >= self.at:
            self.why = self.why or 'its time is over'
        return self.why is not None

    def listen(self, wait_seconds):
        if select.select([0], [], [], wait_seconds)[0]:
            self.heard_at = time.monotonic()
            if not os.read(0, 4096):
                self.why = self.why or 'its input ended'
        elif time.monotonic() > self.heard_at + SILENT_SECONDS:
            self.why = self.why or 'its line went silent'


def say(text):
    try:
        sys.stdout.write('ledger %s\n' % text)
        sys.stdout.flush()
    except OSError:
        pass  # nobody listens any more; that is no reason to stop


def main(words):
    order = Order(words)
    volumes = [Volume(folder) for folder in order.folders]
    seen = {}
    for volume in volumes:
        other = seen.setdefault(volume.device, volume)
        if other is not volume:
            raise Refused('%s and %s lie on one file system, which has one order only' % (other.folder, volume.folder))
    ending = Ending(order)
    ledger = Ledger(volumes, order.records)
    ledger.begin()
    say('%s begun' % ledger.id)
    tell_at = time.monotonic() + TELL_SECONDS
    while not ending.has_come(order.every_ms / 1000.0):
        ledger.go_on()
        if time.monotonic() >= tell_at:
            tell_at += TELL_SECONDS
            say('%s at %d' % (ledger.id, ledger.k))
    say('%s ended %d %s' % (ledger.id, ledger.k, ending.why))


try:
    main(sys.argv[1:])
except Refused as refusal:
    sys.stderr.write('%s\n' % refusal)
    sys.exit(2)
except OSError as thrown:
    sys.stderr.write('the ledger cannot go on: %s\n' % thrown)
    sys.exit(1)
