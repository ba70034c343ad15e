# Stillpoint's holder: stands still the file systems that it is told, and lets them go on a word, at the end of its
# lease, or when anything that it depends on dies. Speaks in lines on standard input and output; words.ts has the other
# side. Python 3.5 or newer, no module outside of the standard library, no site packages (-I -S).
#
#   P  the channel: reads words, relays them, reports.         dies -> W ends the hold
#   W  the watch: keeps the lease, orders the thaw.            dies -> P orders the thaw
#   F  the freezer: the only one that can be stuck in FIFREEZE. dies -> W ends the hold
#   T  one a mount: answers its own mount's FIFREEZE with a FITHAW, however long either takes.
#
# All pipes exist before the first freeze, and the end of a pipe is the news of a death. After that nothing is
# executed, opened, forked or logged until everything is thawed.
import errno
import fcntl
import gc
import glob
import os
import re
import select
import signal
import sys
import time

# Programs are found where only root puts them, and nothing that they read comes from whoever started this.
SYSTEM_FOLDERS = ('/usr/sbin', '/usr/bin', '/sbin', '/bin')
PATH = ':'.join(SYSTEM_FOLDERS)
os.environ.clear()
os.environ.update(PATH=PATH, LC_ALL='C')
os.umask(0o077)
os.chdir('/')

# A holder that a site installs obeys only the mounts that this file lists; the one that is sent has no such file.
ALLOW_LIST = ''

FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
FREEZABLE = (b'ext2', b'ext3', b'ext4', b'xfs', b'btrfs', b'jfs', b'reiserfs', b'f2fs', b'nilfs2')
CLOCK_BOOTTIME = 7
SECOND = 10 ** 9
MOST_LEASE_MS = 120000    # no hold is longer, whoever asks
FRESH = 1 * SECOND        # a hold word is obeyed for so long after an answered ping
IDLE = 120 * SECOND       # without any word, and with nothing held, the holder goes away
TICK_MS = 200             # poll() does not count the time in which the machine was suspended; the lease does
NET_SECONDS = 60          # the timer of PID 1 leaves so long between being armed and the hold word
SYSTEMD = '/run/systemd/system'
LOCK_FOLDERS = ('/run', '/var/run')
NONCE = b''


def boot_time():
    return int(time.clock_gettime(CLOCK_BOOTTIME) * SECOND)


# ---- lines

def escape(raw):
    return b''.join(b'\\%03o' % c if c <= 0x20 or c in b'\\,=\x7f' else bytes((c,)) for c in raw)


def unescape(text):
    return re.sub(br'\\([0-3][0-7]{2})', lambda found: bytes((int(found.group(1), 8),)), text)


def say(*words):
    line = b' '.join((NONCE,) + tuple(w if isinstance(w, bytes) else str(w).encode() for w in words)) + b'\n'
    while line:
        try:
            line = line[os.write(1, line):]
        except InterruptedError:
            continue
        except OSError:
            return  # nobody listens any more; that must stop nothing


class Refused(Exception):
    pass


class Words:
    """Whole lines from standard input; a half line at its end is no word."""

    def __init__(self):
        self.buffer = b''
        self.ended = False

    def fill(self):
        try:
            piece = os.read(0, 65536)
        except OSError:
            piece = b''
        self.buffer += piece
        self.ended = not piece or len(self.buffer) > 1 << 20

    def next(self):
        line, newline, rest = self.buffer.partition(b'\n')
        if not newline:
            return None
        self.buffer = rest
        parts = line.split()
        return parts or self.next()


def options(words):
    found = {}
    for word in words:
        key, _, value = word.partition(b'=')
        found[key.decode('ascii', 'replace')] = value
    return found


def number(text):
    """Of 1 to 7 digits; None for anything else."""
    return int(text) if text is not None and re.match(br'[0-9]{1,7}\Z', text) else None


# ---- what there is

TEXTS = (
    '/proc/self/status', '/proc/sys/kernel/hostname', '/sys/class/dmi/id/product_uuid', '/sys/class/net/*/address',
    '/sys/class/block/*/size', '/sys/class/block/*/stat', '/sys/class/block/*/queue/iostats', '/sys/class/block/*/dev', '/sys/class/block/*/partition', '/sys/class/block/*/ro',
    '/sys/class/block/*/dm/name', '/sys/class/block/*/dm/uuid', '/sys/class/block/*/md/level',
    '/sys/class/block/*/md/sync_action', '/sys/class/block/*/bcache/state',
    '/sys/class/block/*/loop/backing_file', '/sys/class/block/*/serial', '/sys/class/block/*/wwid',
    '/sys/class/block/*/device/serial', '/sys/class/block/*/device/wwid', '/sys/class/block/*/device/vpd_pg80',
    '/sys/class/block/*/device/vpd_pg83', '/run/udev/data/b*',
)
# Where the kernel names what a file system or its journal lies on, in whatever namespace it is mounted.
LINKS = ('/sys/class/block/*', '/sys/class/block/*/slaves/*', '/sys/class/block/*/holders/*',
         '/sys/fs/btrfs/*/devices/*', '/sys/fs/ext4/*', '/sys/fs/xfs/*', '/sys/fs/f2fs/*', '/sys/fs/nilfs2/*',
         '/proc/fs/jbd2/*')


def tell_file(path):
    try:
        with open(path, 'rb') as opened:
            content = opened.read(4 << 20)
    except (OSError, ValueError):
        return
    tell(path, content)


def tell(name, content):
    for at in range(0, max(1, len(content)), 16384):
        piece = content[at:at + 16384]
        say('F', escape(os.fsencode(name)), ''.join('%02x' % byte for byte in piece) or '-')


def tell_link(path):
    say('L', escape(os.fsencode(path)), escape(os.fsencode(os.path.realpath(path))))


def look():
    for path in ('/proc/self/mountinfo', '/proc/swaps'):
        tell_file(path)
    for source in sorted(set(mount.source for mount in mount_table() if mount.source.startswith(b'/dev/'))):
        tell_link(os.fsdecode(source))


def probe():
    look()
    for pattern in TEXTS:
        for path in sorted(glob.glob(pattern)):
            tell_file(path)
    for pattern in LINKS:
        for path in sorted(glob.glob(pattern)):
            tell_link(path)
    tell_mounted_elsewhere()
    tell_mapper()
    for path in sorted(glob.glob('/sys/class/block/loop*/loop')):
        say('B', path.split('/')[4], backing_device(path.split('/')[4]) or '-')
    tell_openers()
    if ALLOW_LIST:
        tell_file(ALLOW_LIST)


def tell_mounted_elsewhere():
    """What is mounted in other namespaces, of containers or services, and not in this one."""
    told = set(mount.superblock for mount in mount_table())
    spaces = {os.readlink('/proc/self/ns/mnt')}
    for path in glob.iglob('/proc/[0-9]*/ns/mnt'):
        try:
            space = os.readlink(path)
            if space in spaces:
                continue
            spaces.add(space)
            mounts = mount_table(path[:-len('ns/mnt')] + 'mountinfo')
        except OSError:
            continue  # it has ended
        for mount in mounts:
            if mount.source.startswith(b'/dev/') and mount.superblock not in told:
                told.add(mount.superblock)
                say('X', mount.superblock)


def tell_mapper():
    """Which of the device mapper's layers are busy by themselves."""
    program = next((path for path in ('/usr/sbin/dmsetup', '/sbin/dmsetup') if os.path.exists(path)), None)
    if program is None or not glob.glob('/sys/class/block/dm-*'):
        return
    import subprocess
    try:
        tell('dmsetup status', subprocess.check_output([program, 'status'], stdin=subprocess.DEVNULL,
                                                       stderr=subprocess.DEVNULL, timeout=10))
    except (OSError, subprocess.SubprocessError):
        pass


def tell_openers():
    """Who has a block device open for writing."""
    seen = set()
    for path in glob.iglob('/proc/[0-9]*/fd/*'):
        try:
            target = os.readlink(path)
        except OSError:
            continue
        if not target.startswith('/dev/'):
            continue
        pid = path.split('/')[2]
        try:
            if (pid, target) in seen or os.stat(target).st_mode & 0o170000 != 0o060000:
                continue
            with open(path.replace('/fd/', '/fdinfo/')) as opened:
                if int(re.search(r'^flags:\s*([0-7]+)', opened.read(), re.M).group(1), 8) & os.O_ACCMODE == os.O_RDONLY:
                    continue
            with open('/proc/%s/comm' % pid, 'rb') as opened:
                comm = opened.read().strip()
        except OSError:
            continue
        seen.add((pid, target))
        say('U', pid, escape(comm) or '-', escape(os.fsencode(os.path.realpath(target))))


def tell_self():
    path = os.path.realpath(sys.argv[0]) if sys.argv[0] not in ('', '-c') else ''
    if path:
        tell_file(path)
    tell_file('/proc/self/status')


class Mount:
    """One line of mountinfo; `superblock` is its major:minor, the same for all binds and subvolumes of it."""

    def __init__(self, index, line):
        fields = line.split(b' ')
        dash = fields.index(b'-')
        self.index = index
        self.id, self.superblock, self.path = int(fields[0]), fields[2], unescape(fields[4])
        self.type, self.source = fields[dash + 1], unescape(fields[dash + 2])


def mount_table(path='/proc/self/mountinfo'):
    with open(path, 'rb') as opened:
        return [Mount(index, line) for index, line in enumerate(opened.read().splitlines())]


def superblock_of(path, table, of_type=None):
    """Of the file system that a path lies on, by the longest mount point above it; the last mounted hides the others."""
    path = os.path.realpath(path)
    best = None
    for mount in table:
        above = mount.path if mount.path.endswith(b'/') else mount.path + b'/'
        if (path + b'/').startswith(above) and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    return best.superblock if best and of_type in (None, best.type) else None


# ---- what may be held

class Target:
    def __init__(self, mount, fd):
        self.path, self.superblock, self.type, self.index, self.fd = (
            mount.path, mount.superblock, mount.type, mount.index, fd)


def open_target(path, table):
    if not path.startswith(b'/'):
        raise Refused('not-a-mount-point', path, 'a mount point is written as an absolute path')
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as why:
        raise Refused('cannot-open', path, os.strerror(why.errno))
    mount = mount_behind(fd, path, table)
    if mount is None or mount.path != path:
        raise Refused('not-a-mount-point', path, 'it lies on the file system of %s' % (
            os.fsdecode(mount.path) if mount else 'another mount'))
    if mount.type not in FREEZABLE:
        raise Refused('not-freezable', path, mount.type.decode('ascii', 'replace'))
    return Target(mount, fd)


def mount_behind(fd, path, table):
    """By the descriptor's own mount id (kernel 3.15); before that by the name, and the device must agree."""
    with open('/proc/self/fdinfo/%d' % fd, 'rb') as opened:
        found = re.search(br'^mnt_id:\s*(\d+)', opened.read(), re.M)
    if found:
        return next((mount for mount in table if mount.id == int(found.group(1))), None)
    mount = next((mount for mount in reversed(table) if mount.path == path), None)
    device = os.fstat(fd).st_dev
    if mount and mount.type != b'btrfs' and mount.superblock != b'%d:%d' % (os.major(device), os.minor(device)):
        return None
    return mount


def choose(paths):
    """The mounts to freeze, one a superblock, opened and checked; refuses whatever could go wrong while they stand."""
    table = mount_table()
    allowed = allow_list()
    targets, same = [], []
    for path in paths:
        if allowed is not None and path not in allowed:
            raise Refused('not-allowed', path, '%s does not list it' % ALLOW_LIST)
        target = open_target(path, table)
        twin = next((other for other in targets if other.superblock == target.superblock), None)
        if twin is None:
            targets.append(target)
        else:
            os.close(target.fd)
            same.append((target, twin))
    held = set(target.superblock for target in targets)
    root = superblock_of(b'/', table)
    if root in held and b'/' not in paths:
        raise Refused('is-root', b'/', '%s lies on the same file system as /' % os.fsdecode(
            next(target.path for target in targets if target.superblock == root)))
    refuse_swap(held, table)
    refuse_loops(held, table)
    # The last mounted is frozen first: what lies deeper is still before what it lies on.
    targets.sort(key=lambda target: (target.path == b'/', -target.index))
    return targets, same


def allow_list():
    if not ALLOW_LIST:
        return None
    try:
        status = os.stat(ALLOW_LIST)
        with open(ALLOW_LIST, 'rb') as opened:
            lines = opened.read().splitlines()
    except OSError as why:
        raise Refused('not-allowed', os.fsencode(ALLOW_LIST), os.strerror(why.errno))
    if status.st_uid != 0 or status.st_mode & 0o022:
        raise Refused('not-allowed', os.fsencode(ALLOW_LIST), 'others than root may write it')
    return set(unescape(line.strip()) for line in lines if line.strip() and not line.startswith(b'#'))


def refuse_swap(held, table):
    with open('/proc/swaps', 'rb') as opened:
        for line in opened.read().splitlines()[1:]:
            fields = line.split()
            if len(fields) > 1 and fields[1] == b'file' and superblock_of(unescape(fields[0]), table) in held:
                raise Refused('swap-file', unescape(fields[0]), 'an active swap file lies on a mount to be held')


def refuse_loops(held, table):
    for path in glob.glob('/sys/class/block/loop*/loop/backing_file'):
        try:
            with open(path, 'rb') as opened:
                backing = opened.read().rstrip(b'\n')
            with open(os.path.dirname(os.path.dirname(path)) + '/ro', 'rb') as opened:
                read_only = opened.read().strip() == b'1'
        except OSError:
            continue  # it was detached just now
        name = path.split('/')[4]
        if not read_only and (backing_device(name) in held or superblock_of(backing, table, b'btrfs') in held):
            raise Refused('loop-backing', backing, '%s writes to it' % name)


def backing_device(name):
    """major:minor of the file system that a loop device's file lies on; a btrfs gives that of the subvolume."""
    LOOP_GET_STATUS64 = 0x4C05
    status = bytearray(232)
    try:
        fd = os.open('/dev/' + name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, LOOP_GET_STATUS64, status)
        finally:
            os.close(fd)
    except OSError:
        return None
    device = int.from_bytes(status[:8], sys.byteorder)
    return b'%d:%d' % (os.major(device), os.minor(device))


def refuse_relay():
    """With I/O logging sudo stands between us and the line, and writes its log where we freeze."""
    parent = '/proc/%d' % os.getppid()
    try:
        with open(parent + '/comm') as opened:
            comm = opened.read().strip()
        if comm == 'sudo' and os.readlink(parent + '/fd/0') != os.readlink('/proc/self/fd/0'):
            raise Refused('sudo-relays', b'sudo', 'it logs input or output (log_input, log_output)')
    except OSError:
        pass


def lock(owner):
    """One owner a guest, with as many holders as its run has stages: they share the lock of a file that only root opens,
    and the last of them lets it go. Answers its descriptor, which whoever of us is left keeps."""
    folder = next((f for f in LOCK_FOLDERS if os.path.isdir(f) and os.access(f, os.W_OK)), None)
    if folder is None:
        raise Refused('no-lock', b'/run', 'no folder for the lock')
    path, owner = folder + '/stillpoint.lock', owner[:399]
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as why:
        raise Refused('no-lock', os.fsencode(path), os.strerror(why.errno))
    os.fchmod(fd, 0o600)
    if locked(fd, fcntl.LOCK_EX):
        # Nobody else holds here. A timer that an earlier holder left behind is the last that thaws what that one may have
        # left frozen: it is not taken away, its work is done now. Should it fire once more, that costs a hold its proof.
        os.ftruncate(fd, 0)
        if os.path.isdir(SYSTEMD):
            run(['systemctl', 'start', 'stillpoint-thaw-*.service'])
        os.pwrite(fd, owner + b'\n', 0)
    # Between two kinds of lock there is none: another run may have come first.
    if locked_by(fd) != owner or not locked(fd, fcntl.LOCK_SH) or locked_by(fd) != owner:
        raise Refused('locked', locked_by(fd) or b'somebody', 'another holder works here')
    return fd


def locked(fd, kind):
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def locked_by(fd):
    return os.pread(fd, 400, 0).split(b'\n')[0]


# ---- P

def main():
    global NONCE
    words = Words()
    crew = None
    idle_since = boot_time()
    os.write(1, b'\n')  # ends whatever the login has said without a newline
    poller = select.poll()
    poller.register(0, select.POLLIN)
    while True:
        parts = words.next()
        if parts is None:
            if words.ended or boot_time() - idle_since > IDLE:
                return
            if poller.poll(1000):
                words.fill()
            continue
        idle_since = boot_time()
        if not NONCE and not re.match(b'^[0-9a-zA-Z]{8,64}$', parts[0]):
            return
        NONCE = NONCE or parts[0]
        if parts[0] != NONCE or len(parts) < 2:
            return
        word, rest = parts[1], options(parts[2:])
        try:
            if word == b'probe':
                probe()
                say('END')
            elif word == b'look':
                look()
                say('END')
            elif word == b'self':
                tell_self()
                say('END')
            elif word == b'open':
                crew = ready(rest)
                break
            else:
                say('ERROR', 'unknown-word', escape(word), '-')
                return
        except Refused as why:
            say('ERROR', why.args[0], escape(why.args[1]), escape(why.args[2].encode('utf-8', 'replace')))
            return
    Channel(words, crew).serve()


def ready(order):
    if os.geteuid() != 0:
        raise Refused('not-root', b'-', 'freezing is the right of root')
    refuse_relay()
    max_lease = agree_lease(order.get('max-lease'))
    lock_fd = lock(unescape(order.get('owner', b'somebody')))
    targets, same = choose([unescape(path) for path in order.get('mounts', b'').split(b',') if path])
    if not targets:
        raise Refused('nothing', b'-', 'no mount was named')
    for index, target in enumerate(targets):
        say('MOUNT', index, escape(target.path), target.superblock, target.type)
    for target, twin in same:
        say('SAME', targets.index(twin), escape(target.path))
    crew = Crew(targets, max_lease, lock_fd, Counters(order.get('watch', b'').split(b',')))
    say('READY', 'pid=%d' % os.getpid(), 'watch=%d' % crew.watch, 'freezer=%d' % crew.freezer,
        'mlock=%s' % crew.locked_memory)
    return crew


def agree_lease(wanted):
    """What this session may ask for, in milliseconds."""
    lease = number(wanted)
    if lease is None:
        raise Refused('no-number', b'max-lease', 'it takes 1 to 7 digits')
    longest = MOST_LEASE_MS
    for line in allow_list() or ():
        if line.startswith(b'max-lease='):
            shorter = number(re.sub(b'^max-lease=|s$', b'', line))
            if shorter is None:
                raise Refused('no-number', line, 'in ' + ALLOW_LIST)
            longest = min(longest, shorter * 1000)
    if lease > longest:
        raise Refused('lease', b'%d' % lease, 'the longest there is %d ms' % longest)
    return lease


class Counters:
    """What the kernel counts of writes to disks. Only here, in P: whatever befalls the reading, W lets go."""

    def __init__(self, names):
        self.names = [unescape(name) for name in names if name]
        self.files = [[self.opened(name, file) for file in ('stat', 'inflight')] for name in self.names]
        self.before = {}
        self.written = b'unread'

    @staticmethod
    def opened(name, file):
        if not re.match(br'[A-Za-z0-9][A-Za-z0-9_!.+-]*\Z', name):
            return None
        try:
            return os.open('/sys/class/block/%s/%s' % (name.decode(), file), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None

    def fds(self):
        return [fd for pair in self.files for fd in pair if fd is not None]

    @staticmethod
    def read(stat, inflight):
        """Sectors written and discarded so far, and writes under way. A flush writes nothing, and is not counted."""
        try:
            counts = os.pread(stat, 512, 0).split()
            return int(counts[6]) + int((counts + [b'0'] * 17)[13]), int(os.pread(inflight, 512, 0).split()[1])
        except (OSError, TypeError, ValueError, IndexError):
            return None, None

    def begin(self):
        """When all is frozen. What was under way then is counted when it ends, as written meanwhile."""
        self.before = dict((name, self.read(*files)[0]) for name, files in zip(self.names, self.files))

    def end(self):
        """Before anything is thawed."""
        found = []
        for name, files in zip(self.names, self.files):
            before, (after, flying) = self.before.get(name), self.read(*files)
            if before is None or after is None:
                found.append(name + b':unread')
            elif after != before:
                found.append(name + b':%d' % (after - before))
            elif flying:
                found.append(name + b':flying')
        self.written = b','.join(found) or b'-'


class Channel:
    """After READY: words in, reports out. What thaws does not depend on this process."""

    def __init__(self, words, crew):
        self.words, self.crew = words, crew
        self.state = 'ready'
        self.ponged = None
        self.net = Net([target.path for target in crew.targets])
        self.heard = boot_time()

    def serve(self):
        crew = self.crew
        self.obey()
        poller = select.poll()
        poller.register(0, select.POLLIN)
        poller.register(crew.reports, select.POLLIN)
        signal.set_wakeup_fd(crew.signals_in)
        poller.register(crew.signals, select.POLLIN)
        pending = b''
        while True:
            events = dict(poller.poll(1000))
            if crew.reports in events:
                piece = os.read(crew.reports, 4096)
                if not piece:
                    return self.without_watch()
                *lines, pending = (pending + piece).split(b'\n')
                if any([self.relay(line) for line in lines]):
                    return self.over()
            if crew.signals in events:
                os.read(crew.signals, 64)
                crew.order(b'signal\n')
            if 0 in events:
                self.words.fill()
                self.obey()
                if self.words.ended:
                    poller.unregister(0)
                    crew.order(b'line\n')
            if self.state == 'ready' and boot_time() - self.heard > IDLE:
                crew.order(b'idle\n')

    def relay(self, line):
        over = line.startswith(b'THAWED')
        if line.startswith(b'ALL-FROZEN'):
            self.crew.counters.begin()
            self.state = 'held'
        say(line + b' written=' + self.crew.counters.written if over else line)
        return over

    def obey(self):
        while True:
            parts = self.words.next()
            if parts is None:
                return
            self.heard = boot_time()
            if parts[0] != NONCE or len(parts) < 2:
                return self.crew.order(b'unknown-word\n')
            word, rest = parts[1], parts[2:]
            if word == b'ping':
                say('PONG', rest[0] if rest else b'-', boot_time(), self.state)
                self.ponged = boot_time()
            elif word == b'thaw':
                self.crew.counters.end()
                self.crew.order(b'word\n')
            elif word == b'freeze' and self.state == 'ready':
                self.freeze(options(rest))
            elif word == b'sync' and self.state == 'ready':
                self.sync()
            elif word == b'look' and self.state == 'ready':
                look()
                say('END')
            elif word == b'arm' and self.state == 'ready':
                say('ARMED', self.net.arm(self.crew.max_lease))
            else:
                return self.crew.order(b'unknown-word\n')

    def freeze(self, order):
        now = boot_time()
        wanted = number(order.get('lease'))
        if self.ponged is None or now - self.ponged > FRESH:
            return say('REFUSED', 'stale')
        lease = None if wanted is None else wanted * SECOND // 1000
        if lease is None or lease > self.crew.max_lease or not self.net.reaches(now + lease):
            return say('REFUSED', 'lease')
        self.state = 'freezing'
        self.crew.order(b'freeze %d\n' % (now + lease))

    def sync(self):
        for target in self.crew.targets:
            self.crew.sync_one(target.fd)
        say('SYNCED')

    def without_watch(self):
        """W is dead: order every thaw ourselves, and wait for each."""
        crew = self.crew
        for end in crew.endings:
            quiet_write(end, b'e')
        for index, answer in enumerate(crew.answers_for_p):
            report = b''
            while True:
                piece = os.read(answer, 64)
                if not piece:
                    break
                report += piece
            if not report:  # T is dead as well; F's end tells that no freeze is under way
                os.waitpid(crew.freezer, 0)
                report = b'idle' if self.state == 'ready' else thaw(crew.targets[index].fd)
            say('THAW', index, report)
        say('THAWED', 'by=watch-gone', boot_time())
        self.over()

    def over(self):
        self.net.disarm()
        os._exit(0)


class Net:
    """The second net: a timer of PID 1 that thaws when all of us are gone. Armed outside of the window."""

    def __init__(self, paths):
        self.paths = paths
        self.unit = None
        self.fires = None
        self.armed = 0

    def arm(self, max_lease):
        if not os.path.isdir(SYSTEMD):
            return 'none'
        self.disarm()
        self.armed += 1
        self.unit = 'stillpoint-thaw-%s-%d' % (NONCE.decode(), self.armed)
        seconds = NET_SECONDS + max_lease // SECOND + 5
        script = 'PATH=' + PATH + '; for n in 1 2 3; do for m; do fsfreeze -u "$m"; done; sleep 1; done'
        self.fires = boot_time() + seconds * SECOND
        armed = run(['systemd-run', '--quiet', '--unit=' + self.unit, '--on-active=%d' % seconds,
                     '--timer-property=AccuracySec=100ms', '/bin/sh', '-c', script, 'sh'] +
                    [os.fsdecode(path) for path in reversed(self.paths)])
        if not armed:
            self.fires = None
        return 'timer' if armed else 'none'

    def reaches(self, until):
        """A timer that could fire while we hold would end the hold; then nothing is held until it is armed anew."""
        return self.fires is None or until + SECOND < self.fires

    def disarm(self):
        if self.fires is not None:
            run(['systemctl', 'stop', self.unit + '.timer'])
        self.fires = None


def run(argv):
    import subprocess
    found = [path for path in (folder + '/' + argv[0] for folder in SYSTEM_FOLDERS) if os.access(path, os.X_OK)]
    try:
        return bool(found) and subprocess.call(found[:1] + argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               timeout=10) == 0
    except (OSError, subprocess.SubprocessError):
        return False


# ---- the crew

class Crew:
    """Makes every pipe and every process. Afterwards this is what P holds of them."""

    def __init__(self, targets, max_lease_ms, lock_fd, counters):
        count = len(targets)
        self.targets, self.max_lease, self.counters = targets, max_lease_ms * SECOND // 1000, counters
        load_libc()
        self.locked_memory = settle('P')
        orders_r, orders = os.pipe()
        self.reports, reports_w = os.pipe()
        go_r, go = os.pipe()
        progress, progress_w = os.pipe()
        endings = [os.pipe() for _ in range(count)]
        starts = [os.pipe() for _ in range(count)]
        for_w = [os.pipe() for _ in range(count)]
        for_p = [os.pipe() for _ in range(count)]
        self.signals, self.signals_in = os.pipe()
        os.set_blocking(self.signals_in, False)
        warm(go_r)
        fds = [target.fd for target in targets]
        for index, target in enumerate(targets):
            child('T', [lock_fd, target.fd, endings[index][0], starts[index][0], for_w[index][1], for_p[index][1]],
                  thawer, target.fd, endings[index][0], starts[index][0], (for_w[index][1], for_p[index][1]))
        self.freezer = child('F', [lock_fd, go_r, progress_w] + fds + [start[1] for start in starts],
                             freezer, fds, go_r, progress_w, [start[1] for start in starts])
        self.watch = child('W', [lock_fd, orders_r, reports_w, go, progress] + fds +
                           [end[1] for end in endings] + [answer[0] for answer in for_w],
                           Watch(fds, orders_r, reports_w, go, progress, [end[1] for end in endings],
                                 [answer[0] for answer in for_w]).keep)
        self.orders, self.endings, self.answers_for_p = (
            orders, [end[1] for end in endings], [answer[0] for answer in for_p])
        close_all_but([0, 1, 2, lock_fd, self.orders, self.reports, self.signals, self.signals_in] + fds +
                      self.endings + self.answers_for_p + counters.fds())
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)

    def order(self, word):
        quiet_write(self.orders, word)

    def sync_one(self, fd):
        if LIBC is None or LIBC.syncfs(fd) != 0:
            os.sync()


LIBC = None


def load_libc():
    global LIBC
    try:
        import ctypes
        LIBC = ctypes.CDLL(None)
        LIBC.mlockall.argtypes = LIBC.syncfs.argtypes = [ctypes.c_int]
    except Exception:  # an interpreter without ctypes: memory is not locked, and sync takes everything
        LIBC = None


def settle(role):
    """No surprises from signals, the collector, swapping or the OOM killer; each process calls it. Best effort."""
    gc.disable()
    for name in ('SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP', 'SIGTTIN',
                 'SIGTTOU'):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    for path, text in (('/proc/self/oom_score_adj', '-1000'), ('/proc/self/comm', 'stillpoint-' + role)):
        try:
            with open(path, 'w') as opened:
                opened.write(text)
        except OSError:
            pass
    if LIBC is None:
        return 'no'
    # With MCL_ONFAULT (4) what fork shares stays shared; kernels before 4.4 do not know it.
    return 'ok' if LIBC.mlockall(1 | 2 | 4) == 0 or LIBC.mlockall(1 | 2) == 0 else 'no'


def warm(fd):
    """Runs what the thaw will run, on a descriptor that is no file system."""
    ioctl(fd, FITHAW)
    boot_time()
    select.poll().poll(0)


def child(role, keep, work, *args):
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        close_all_but(keep)
        settle(role)
        work(*args)
    finally:
        os._exit(0)


def close_all_but(keep):
    kept = sorted(keep)
    for low, high in zip([-1] + kept, kept + [256 + max(kept)]):
        if high - low > 1:  # Python 3.11 closes everything when asked for the empty range (0, 0)
            os.closerange(low + 1, high)


def quiet_write(fd, data):
    try:
        os.write(fd, data)
        return True
    except OSError:
        return False


def ioctl(fd, request):
    try:
        fcntl.ioctl(fd, request, 0)
        return 0
    except OSError as why:
        return why.errno


def name_of(number):
    return b'0' if number == 0 else errno.errorcode.get(number, str(number)).encode()


# ---- F

def freezer(fds, go, progress, starts):
    """Says before each freeze that it tries and after it what came of it. The closed `go` forbids the next one."""
    if os.read(go, 1) != b'g':
        return
    for index, fd in enumerate(fds):
        if select.select([go], [], [], 0)[0]:
            return
        if not quiet_write(starts[index], b't') or not quiet_write(progress, b'%d t\n' % index):
            return
        result = ioctl(fd, FIFREEZE)
        quiet_write(starts[index], b'f' if result == 0 else b'x')
        quiet_write(progress, b'%d %s %d\n' % (index, name_of(result), boot_time()))
        if result != 0:
            return


# ---- T

def thawer(fd, ending, start, answers):
    """Ends only when this mount's freeze has been answered, or can no longer come."""
    state, ended, freezer_lives = 'idle', False, True
    while True:
        if ended and (state == 'frozen' or (state == 'trying' and not freezer_lives)):
            # F was killed inside the ioctl when 'trying' is all it said: it is through, and may have frozen.
            report = thaw(fd)
            break
        if state == 'failed' or (state == 'idle' and not freezer_lives):
            report = state.encode()
            break
        waiting = ([] if ended else [ending]) + ([start] if freezer_lives else [])
        readable = select.select(waiting, [], [])[0]
        if start in readable:
            said = os.read(start, 8)
            freezer_lives = bool(said)
            if said:
                state = {b't': 'trying', b'f': 'frozen', b'x': 'failed'}[said[-1:]]
        if ending in readable:
            ended = True  # a word of W or P, or both are gone
            os.read(ending, 8)
    for answer in answers:
        quiet_write(answer, report)


def thaw(fd):
    """FITHAW until it says that nothing is frozen. A thaw that the storage refuses is tried until it does not."""
    first = None
    for _ in range(1 << 30):
        result = ioctl(fd, FITHAW)
        first = result if first is None else first
        if result == errno.EINVAL:
            return b'%s %s %d' % (name_of(first), name_of(result), boot_time())
        if result != 0:
            time.sleep(0.05)


# ---- W

class Watch:
    """Keeps the lease. Ends the hold once, for the first reason that comes, and then only waits for the thaws."""

    def __init__(self, fds, orders, reports, go, progress, endings, answers):
        self.fds, self.orders, self.reports, self.go, self.progress = fds, orders, reports, go, progress
        self.endings, self.answers = endings, dict((fd, index) for index, fd in enumerate(answers))
        self.lease_ends = None
        self.ended_by = None
        self.frozen = set()
        self.unanswered = set()
        self.reported = {}
        self.partial = {}

    def keep(self):
        poller = select.poll()
        for fd in [self.orders, self.progress] + list(self.answers):
            poller.register(fd, select.POLLIN)
        freezer_lives = True
        while freezer_lives or self.answers:
            left = TICK_MS
            if self.lease_ends is not None and self.ended_by is None:
                left = max(0, min(TICK_MS, (self.lease_ends - boot_time()) // 1000000 + 1))
            for fd, _ in poller.poll(left):
                lines, over = self.lines(fd)
                if fd == self.orders:
                    for line in lines:
                        self.obey(line)
                elif fd == self.progress:
                    for line in lines:
                        self.note(line)
                    freezer_lives = not over
                else:
                    self.answered(fd, lines, over)
                if over:
                    poller.unregister(fd)
                    if fd == self.orders:
                        self.end(b'channel-gone')
                    elif fd == self.progress and len(self.frozen) < len(self.fds):
                        self.end(b'freezer-gone')
                    elif fd in self.answers:
                        del self.answers[fd]
            if self.lease_ends is not None and boot_time() >= self.lease_ends:
                self.end(b'lease')
        self.finish()

    def lines(self, fd):
        piece = os.read(fd, 4096)
        *whole, self.partial[fd] = (self.partial.get(fd, b'') + piece).split(b'\n')
        return whole, not piece

    def obey(self, line):
        if not line.startswith(b'freeze '):
            return self.end(line)
        if self.lease_ends is None and self.ended_by is None:
            self.lease_ends = int(line.split()[1])
            quiet_write(self.go, b'g')

    def note(self, line):
        index, what = int(line.split()[0]), line.split()[1]
        if what == b't':
            self.unanswered.add(index)
        elif what == b'0':
            self.frozen.add(index)
            self.report(b'FROZEN %d %s' % (index, line.split()[2]))
            if len(self.frozen) == len(self.fds) and self.ended_by is None:
                self.report(b'ALL-FROZEN %d' % boot_time())
        else:
            self.unanswered.discard(index)
            self.report(b'FAILED %d %s' % (index, what))
            self.end(b'failed')

    def answered(self, fd, lines, over):
        """T's report is what it wrote when its pipe ends; a T that ended without one is dead."""
        if not over:
            return
        index, report = self.answers[fd], self.partial[fd]
        if not report:
            self.end(b'thawer-gone')
        self.reported[index] = report

    def end(self, by):
        if self.ended_by is not None:
            return
        self.ended_by = by
        os.close(self.go)
        for ending in reversed(self.endings):  # `/` was frozen last and is let go first
            quiet_write(ending, b'e')

    def finish(self):
        for index in reversed(range(len(self.fds))):
            report = self.reported.get(index)
            if not report:
                report = thaw(self.fds[index]) if index in self.unanswered else b'idle'
            self.report(b'THAW %d %s' % (index, report))
        self.report(b'THAWED by=%s %d' % (self.ended_by, boot_time()))

    def report(self, line):
        quiet_write(self.reports, line + b'\n')


main()
