# Stillpoint's holder, in perl with the modules of perl-base only. The same processes, words and rules as holder.py:
#
#   P  the channel: reads words, relays them, reports.         dies -> W ends the hold
#   W  the watch: keeps the lease, orders the thaw.            dies -> P orders the thaw
#   F  the freezer: the only one that can be stuck in FIFREEZE. dies -> W ends the hold
#   T  one a mount: answers its own mount's FIFREEZE with a FITHAW, however long either takes.
#
# All pipes exist before the first freeze, and the end of a pipe is the news of a death. After that nothing is
# executed, opened, forked or logged until everything is thawed.
use strict;
use warnings;
use Errno qw(EBUSY EINTR EINVAL);
use Fcntl qw(:DEFAULT :flock :mode);
use POSIX ();
use Cwd ();

# Programs are found where only root puts them, and nothing that they read comes from whoever started this; -T sees to it,
# and to modules.
my @SYSTEM_FOLDERS = ('/usr/sbin', '/usr/bin', '/sbin', '/bin');
my $PATH = join ':', @SYSTEM_FOLDERS;
%ENV = (PATH => $PATH, LC_ALL => 'C');
umask 077;
chdir '/';

# A holder that a site installs obeys only the mounts that this file lists; the one that is sent has no such file.
my $ALLOW_LIST = '';

my ($FIFREEZE, $FITHAW) = (0xC0045877, 0xC0045878);
my %FREEZABLE = map { $_ => 1 } qw(ext2 ext3 ext4 xfs btrfs jfs reiserfs f2fs nilfs2);
my $MOST_LEASE_MS = 120_000;    # no hold is longer, whoever asks
my $FRESH = 1.0;          # a hold word is obeyed for so many seconds after an answered ping
my $IDLE = 120;           # without any word, and with nothing held, the holder goes away
my $TICK = 0.2;           # select() does not count the time in which the machine was suspended; the lease does
my $NET_SECONDS = 60;     # the timer of PID 1 leaves so long between being armed and the hold word
my $SYSTEMD = '/run/systemd/system';
my @LOCK_FOLDERS = ('/run', '/var/run');
my %NAME_OF = map { my $number = eval { no strict 'refs'; &{"Errno::$_"}() }; defined $number ? ($number => $_) : () }
    qw(EBUSY EINVAL EIO EINTR EPERM ENOTTY EOPNOTSUPP EROFS ENOSPC ENODEV ESTALE ENOMEM);

my $nonce = '';
my ($buffer, $input_ended) = ('', 0);

# Seconds since the guest's start, those of its suspensions too; with the 10 ms that /proc/uptime has.
sysopen(my $uptime, '/proc/uptime', O_RDONLY) or die "/proc/uptime: $!";
fcntl($uptime, F_SETFD, FD_CLOEXEC);

sub boot_time {
    sysseek($uptime, 0, 0);
    sysread($uptime, my $text, 64);
    my ($seconds) = $text =~ /^([0-9.]+)/;
    return 0 + $seconds;
}

sub stamp { return sprintf '%.0f', boot_time() * 1e9 }

# ---- lines

sub escape {
    my ($raw) = @_;
    $raw =~ s/([\x00-\x20\\,=\x7f])/sprintf '\\%03o', ord $1/ge;
    return $raw;
}

sub unescape {
    my ($text) = @_;
    $text =~ s/\\([0-3][0-7]{2})/chr oct $1/ge;
    return $text;
}

sub say_line {
    my $line = join(' ', $nonce, @_) . "\n";
    while (length $line) {
        my $written = syswrite(STDOUT, $line);
        if (defined $written) { substr($line, 0, $written) = '' }
        elsif ($! != EINTR) { return }    # nobody listens any more; that must stop nothing
    }
}

sub fill {
    my $count = sysread(STDIN, $buffer, 65536, length $buffer);
    return if !defined $count && $! == EINTR;
    $input_ended = 1 if !$count || length $buffer > 1 << 20;
}

# The words of the next whole line; a half line at the end is none.
sub next_words {
    while ($buffer =~ s/^([^\n]*)\n//) {
        my @parts = split ' ', $1;
        return \@parts if @parts;
    }
    return;
}

sub options { return map { /^([^=]*)=(.*)$/s ? ($1 => $2) : ($_ => '') } @_ }

# Of 1 to 7 digits; undefined for anything else.
sub number { return defined $_[0] && $_[0] =~ /\A([0-9]{1,7})\z/ ? 0 + $1 : undef }

sub refuse { die { reason => $_[0], what => $_[1], detail => $_[2] } }

# ---- what there is

my @TEXTS = (
    '/proc/self/status', '/proc/sys/kernel/hostname', '/sys/class/dmi/id/product_uuid', '/sys/class/net/*/address',
    (map { "/sys/class/block/*/$_" } qw(size stat queue/iostats dev partition ro dm/name dm/uuid md/level
        md/sync_action bcache/state loop/backing_file serial wwid device/serial device/wwid device/vpd_pg80 device/vpd_pg83)), '/run/udev/data/b*',
);
# Where the kernel names what a file system or its journal lies on, in whatever namespace it is mounted.
my @LINKS = ('/sys/class/block/*', '/sys/class/block/*/slaves/*', '/sys/class/block/*/holders/*',
    '/sys/fs/btrfs/*/devices/*', '/sys/fs/ext4/*', '/sys/fs/xfs/*', '/sys/fs/f2fs/*', '/sys/fs/nilfs2/*',
    '/proc/fs/jbd2/*');

sub content_of {
    my ($path) = @_;
    sysopen(my $file, $path, O_RDONLY) or return;
    my $content = '';
    while (length $content < 4 << 20) {
        my $count = sysread($file, $content, 65536, length $content);
        return if !defined $count;
        last if !$count;
    }
    return $content;
}

sub tell_file {
    my ($path) = @_;
    my $content = content_of($path);
    tell_text($path, $content) if defined $content;
}

sub tell_text {
    my ($name, $content) = @_;
    my $at = 0;
    do {
        my $piece = substr $content, $at, 16384;
        say_line('F', escape($name), length $piece ? unpack('H*', $piece) : '-');
        $at += 16384;
    } while ($at < length $content);
}

sub tell_link {
    my ($path) = @_;
    my $target = Cwd::realpath($path);
    say_line('L', escape($path), escape(defined $target ? $target : $path));
}

sub look {
    tell_file($_) for '/proc/self/mountinfo', '/proc/swaps';
    my %sources = map { $_->{source} => 1 } grep { $_->{source} =~ m{^/dev/} } mount_table();
    tell_link($_) for sort keys %sources;
}

sub probe {
    look();
    tell_file($_) for map { glob $_ } @TEXTS;
    tell_link($_) for map { glob $_ } @LINKS;
    tell_mounted_elsewhere();
    tell_mapper();
    say_line('B', $_, backing_device($_)) for map { m{block/([^/]+)/loop$} } glob '/sys/class/block/loop*/loop';
    tell_openers();
    tell_file($ALLOW_LIST) if $ALLOW_LIST;
}

# What is mounted in other namespaces, of containers or services, and not in this one.
sub tell_mounted_elsewhere {
    my %told = map { $_->{superblock} => 1 } mount_table();
    my %spaces = (readlink('/proc/self/ns/mnt') => 1);
    for my $path (glob '/proc/[0-9]*/ns/mnt') {
        my $space = readlink $path;
        next if !defined $space || $spaces{$space}++;
        (my $table = $path) =~ s{ns/mnt$}{mountinfo};
        for my $mount (mount_table($table)) {
            say_line('X', $mount->{superblock}) if $mount->{source} =~ m{^/dev/} && !$told{ $mount->{superblock} }++;
        }
    }
}

# Which of the device mapper's layers are busy by themselves.
sub tell_mapper {
    my ($program) = grep { -x $_ } '/usr/sbin/dmsetup', '/sbin/dmsetup' or return;
    my @devices = glob '/sys/class/block/dm-*' or return;
    pipe(my $reader, my $writer) or return;
    my $pid = fork;
    return if !defined $pid;
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $writer;
        open STDERR, '>', '/dev/null';
        alarm 10;
        exec { $program } $program, 'status' or POSIX::_exit(127);
    }
    close $writer;
    my $said = '';
    1 while sysread($reader, $said, 65536, length $said);
    waitpid $pid, 0;
    tell_text('dmsetup status', $said) if $? == 0;
}

# Who has a block device open for writing.
sub tell_openers {
    my %seen;
    for my $path (glob '/proc/[0-9]*/fd/*') {
        my $target = readlink $path;
        next if !defined $target || $target !~ m{^/dev/};
        my ($pid, $number) = $path =~ m{^/proc/(\d+)/fd/(\d+)$};
        my $mode = (stat $target)[2];
        next if $seen{"$pid $target"} || !defined $mode || !S_ISBLK($mode);
        my $status = content_of("/proc/$pid/fdinfo/$number");
        next if !defined $status || $status !~ /^flags:\s*([0-7]+)/m || (oct($1) & 3) == O_RDONLY;
        my $comm = content_of("/proc/$pid/comm");
        next if !defined $comm;
        chomp $comm;
        $seen{"$pid $target"} = 1;
        my $real = Cwd::realpath($target);
        say_line('U', $pid, escape($comm) || '-', escape(defined $real ? $real : $target));
    }
}

sub tell_self {
    tell_file(Cwd::realpath($0)) if $0 ne '-e';
    tell_file('/proc/self/status');
}

# Lines of mountinfo; `superblock` is the major:minor, the same for all binds and subvolumes of it.
sub mount_table {
    my ($path) = @_;
    my $content = content_of(defined $path ? $path : '/proc/self/mountinfo');
    my $index = 0;
    return map {
        my ($mount, $from) = split / - /, $_, 2;
        my @fields = split / /, $mount;
        my ($type, $source) = split / /, $from;
        { index => $index++, id => $fields[0], superblock => $fields[2], path => unescape($fields[4]), type => $type,
          source => unescape($source) }
    } split /\n/, defined $content ? $content : '';
}

# Of the file system that a path lies on, by the longest mount point above it; the last mounted hides the others.
sub superblock_of {
    my ($path, $table, $of_type) = @_;
    my $real = Cwd::realpath($path);
    $path = $real if defined $real;
    my $best;
    for my $mount (@$table) {
        my $above = $mount->{path} =~ m{/$} ? $mount->{path} : "$mount->{path}/";
        next if index("$path/", $above) != 0;
        $best = $mount if !$best || length $mount->{path} >= length $best->{path};
    }
    return $best && (!defined $of_type || $best->{type} eq $of_type) ? $best->{superblock} : '';
}

# ---- what may be held

sub open_target {
    my ($path, $table) = @_;
    refuse('not-a-mount-point', $path, 'a mount point is written as an absolute path') if $path !~ m{^/};
    sysopen(my $file, $path, O_RDONLY | O_DIRECTORY | O_NONBLOCK) or refuse('cannot-open', $path, "$!");
    my $mount = mount_behind($file, $path, $table);
    if (!$mount || $mount->{path} ne $path) {
        refuse('not-a-mount-point', $path, 'it lies on the file system of ' . ($mount ? $mount->{path} : 'another mount'));
    }
    refuse('not-freezable', $path, $mount->{type}) if !$FREEZABLE{$mount->{type}};
    return { %$mount, file => $file, fd => fileno $file };
}

# By the descriptor's own mount id (kernel 3.15); before that by the name, and the device must agree.
sub mount_behind {
    my ($file, $path, $table) = @_;
    my $status = content_of('/proc/self/fdinfo/' . fileno $file);
    if (defined $status && $status =~ /^mnt_id:\s*(\d+)/m) {
        my $id = $1;
        return (grep { $_->{id} == $id } @$table)[0];
    }
    my $mount = (reverse grep { $_->{path} eq $path } @$table)[0] or return;
    return if $mount->{type} ne 'btrfs' && $mount->{superblock} ne device_name((stat $file)[0]);
    return $mount;
}

# The mounts to freeze, one a superblock, opened and checked; refuses whatever could go wrong while they stand.
sub choose {
    my (@paths) = @_;
    my @table = mount_table();
    my $allowed = allow_list();
    my (@targets, @same, %held);
    for my $path (@paths) {
        refuse('not-allowed', $path, "$ALLOW_LIST does not list it") if $allowed && !$allowed->{$path};
        my $target = open_target($path, \@table);
        my $twin = $held{ $target->{superblock} };
        if ($twin) { push @same, [$target->{path}, $twin] }
        else { push @targets, $held{ $target->{superblock} } = $target }
    }
    my $root = superblock_of('/', \@table);
    if ($held{$root} && !grep { $_ eq '/' } @paths) {
        refuse('is-root', '/', "$held{$root}{path} lies on the same file system as /");
    }
    refuse_swap(\%held, \@table);
    refuse_loops(\%held, \@table);
    # The last mounted is frozen first: what lies deeper is still before what it lies on.
    @targets = sort { ($a->{path} eq '/') <=> ($b->{path} eq '/') || $b->{index} <=> $a->{index} } @targets;
    return (\@targets, \@same);
}

sub allow_list {
    return if !$ALLOW_LIST;
    my @status = stat $ALLOW_LIST;
    my $content = content_of($ALLOW_LIST);
    refuse('not-allowed', $ALLOW_LIST, "$!") if !@status || !defined $content;
    refuse('not-allowed', $ALLOW_LIST, 'others than root may write it') if $status[4] != 0 || $status[2] & 022;
    return { map { $_ => 1 } map { unescape($_) } grep { /\S/ && !/^#/ } split /\n/, $content };
}

sub refuse_swap {
    my ($held, $table) = @_;
    my (undef, @lines) = split /\n/, content_of('/proc/swaps');
    for my $line (@lines) {
        my ($path, $type) = split ' ', $line;
        next if $type ne 'file' || !$held->{ superblock_of(unescape($path), $table) };
        refuse('swap-file', unescape($path), 'an active swap file lies on a mount to be held');
    }
}

sub refuse_loops {
    my ($held, $table) = @_;
    for my $path (glob '/sys/class/block/loop*/loop/backing_file') {
        my ($folder, $name) = $path =~ m{^(/sys/class/block/([^/]+))};
        my $backing = content_of($path);
        my $read_only = content_of("$folder/ro");
        next if !defined $backing || !defined $read_only || $read_only =~ /^1/;    # detached just now, or harmless
        chomp $backing;
        next if !$held->{ backing_device($name) } && !$held->{ superblock_of($backing, $table, 'btrfs') };
        refuse('loop-backing', $backing, "$name writes to it");
    }
}

# major:minor of the file system that a loop device's file lies on; a btrfs gives that of the subvolume.
sub backing_device {
    my ($name) = @_;
    my $LOOP_GET_STATUS64 = 0x4C05;
    my $status = "\0" x 232;
    sysopen(my $device, "/dev/$name", O_RDONLY) or return '-';
    ioctl($device, $LOOP_GET_STATUS64, $status) or return '-';
    return device_name(unpack 'Q', $status);
}

sub device_name {
    my ($device) = @_;
    return (($device >> 8) & 0xfff) . ':' . (($device & 0xff) | (($device >> 12) & 0xfff00));
}

# With I/O logging sudo stands between us and the line, and writes its log where we freeze.
sub refuse_relay {
    my $parent = '/proc/' . getppid();
    my $comm = content_of("$parent/comm");
    my ($theirs, $ours) = (readlink "$parent/fd/0", readlink '/proc/self/fd/0');
    return if !defined $comm || $comm !~ /^sudo$/m || !defined $theirs || !defined $ours || $theirs eq $ours;
    refuse('sudo-relays', 'sudo', 'it logs input or output (log_input, log_output)');
}

# One owner a guest, with as many holders as its run has stages: they share the lock of a file that only root opens, and
# the last of them lets it go; whoever of us is left keeps it.
sub lock_guest {
    my $owner = substr $_[0], 0, 399;
    my ($folder) = grep { -d $_ && -w _ } @LOCK_FOLDERS or refuse('no-lock', '/run', 'no folder for the lock');
    my $path = "$folder/stillpoint.lock";
    sysopen(my $file, $path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600) or refuse('no-lock', $path, "$!");
    chmod 0600, $file;
    if (flock($file, LOCK_EX | LOCK_NB)) {
        # Nobody else holds here. A timer that an earlier holder left behind is the last that thaws what that one may have
        # left frozen: it is not taken away, its work is done now. Should it fire once more, that costs a hold its proof.
        truncate $file, 0;
        run('systemctl', 'start', 'stillpoint-thaw-*.service') if -d $SYSTEMD;
        syswrite($file, "$owner\n");
    }
    # Between two kinds of lock there is none: another run may have come first.
    return $file if locked_by($file) eq $owner && flock($file, LOCK_SH | LOCK_NB) && locked_by($file) eq $owner;
    refuse('locked', locked_by($file) || 'somebody', 'another holder works here');
}

sub locked_by {
    my ($file) = @_;
    my $text = '';
    sysseek($file, 0, 0);
    sysread($file, $text, 400);
    return $text =~ /^([^\n]*)/ ? $1 : '';
}

# ---- what is counted

# What the kernel counts of writes to disks. Only here, in P: whatever befalls the reading, W lets go.
my (@watched, %before);
my $written = 'unread';

sub open_counters {
    for my $name (map { unescape($_) } @_) {
        my @files;
        for my $file ($name =~ /\A[A-Za-z0-9][A-Za-z0-9_!.+-]*\z/ ? ('stat', 'inflight') : ()) {
            my $opened;
            push @files, sysopen($opened, "/sys/class/block/$name/$file", O_RDONLY) ? $opened : undef;
        }
        push @watched, { name => $name, files => \@files };
    }
}

# Sectors written and discarded so far, and writes under way. A flush writes nothing, and is not counted.
sub read_counters {
    my ($stat, $inflight) = map {
        my $text = '';
        [defined $_ && sysseek($_, 0, 0) && sysread($_, $text, 512) ? split(' ', $text) : ()]
    } @{ $_[0]{files} };
    return if !$stat || @$stat < 11 || @$inflight < 2;
    return ($stat->[6] + ($stat->[13] || 0), $inflight->[1]);
}

# When all is frozen. What was under way then is counted when it ends, as written meanwhile.
sub begin_counting {
    for my $disk (@watched) { ($before{ $disk->{name} }) = read_counters($disk) }
}

# Before anything is thawed.
sub end_counting {
    my @found;
    for my $disk (@watched) {
        my $name = $disk->{name};
        my ($now, $flying) = read_counters($disk);
        if (!defined $now || !defined $before{$name}) { push @found, "$name:unread" }
        elsif ($now != $before{$name}) { push @found, "$name:" . ($now - $before{$name}) }
        elsif ($flying) { push @found, "$name:flying" }
    }
    $written = join(',', @found) || '-';
}

# ---- the crew: every pipe and every process is made here

my (%crew, @targets, $lock);

sub new_pipe {
    pipe(my $reader, my $writer) or die "pipe: $!";
    return ($reader, $writer);
}

sub quiet_write { return defined syswrite($_[0], $_[1]) }

# 0, or the error's number.
sub control {
    my ($file, $request) = @_;
    return ioctl($file, $request, 0) ? 0 : $! + 0;
}

sub name_of { return $_[0] == 0 ? '0' : $NAME_OF{ $_[0] } || $_[0] }

my %LOCK_ALL = (x86_64 => 151, i686 => 152, i386 => 152, aarch64 => 230, riscv64 => 230, ppc64le => 150, s390x => 150);
my %SYNC_FS = (x86_64 => 306, i686 => 344, i386 => 344, aarch64 => 267, riscv64 => 267, ppc64le => 348, s390x => 338);
my $machine = (POSIX::uname())[4];

# No surprises from signals, swapping or the OOM killer; each process calls it. Best effort.
sub settle {
    my ($role) = @_;
    $SIG{$_} = 'IGNORE' for qw(HUP INT TERM PIPE QUIT USR1 USR2 TSTP TTIN TTOU);
    my %told = ('/proc/self/oom_score_adj' => '-1000', '/proc/self/comm' => "stillpoint-$role");
    for my $path (keys %told) {
        if (sysopen(my $file, $path, O_WRONLY)) { syswrite($file, $told{$path}) }
    }
    my $call = $LOCK_ALL{$machine} or return 'no';
    # With MCL_ONFAULT (4) what fork shares stays shared; kernels before 4.4 do not know it.
    return syscall($call, 7) == 0 || syscall($call, 3) == 0 ? 'ok' : 'no';
}

sub child {
    my ($role, $keep, $work) = @_;
    my $pid = fork;
    die "fork: $!" if !defined $pid;
    return $pid if $pid;
    POSIX::setsid();
    close_all_but(@$keep);
    settle($role);
    eval { $work->() };
    POSIX::_exit(0);
}

sub close_all_but {
    my %kept = map { fileno($_) => 1 } @_, $lock, $uptime;
    for my $fd (0 .. 255 + 6 * @targets + 2 * @watched) { POSIX::close($fd) if !$kept{$fd} }
}

sub make_crew {
    my ($max_lease) = @_;
    my $mlock = settle('P');
    my ($orders_r, $orders) = new_pipe();
    my ($reports, $reports_w) = new_pipe();
    my ($go_r, $go) = new_pipe();
    my ($progress, $progress_w) = new_pipe();
    my ($signals, $signals_in) = new_pipe();
    my (@endings, @starts, @for_w, @for_p);
    for my $k (0 .. $#targets) {
        push @endings, [new_pipe()];
        push @starts, [new_pipe()];
        push @for_w, [new_pipe()];
        push @for_p, [new_pipe()];
    }
    # Run what the thaw will run, on a descriptor that is no file system.
    control($go_r, $FITHAW);
    stamp();
    for my $k (0 .. $#targets) {
        my $file = $targets[$k]{file};
        my ($ending, $start, @answers) = ($endings[$k][0], $starts[$k][0], $for_w[$k][1], $for_p[$k][1]);
        child('T', [$file, $ending, $start, @answers], sub { thawer($file, $ending, $start, @answers) });
    }
    my @files = map { $_->{file} } @targets;
    my @begin = map { $_->[1] } @starts;
    my $freezer = child('F', [$go_r, $progress_w, @files, @begin], sub { freezer(\@files, $go_r, $progress_w, \@begin) });
    my @end = map { $_->[1] } @endings;
    my @hear = map { $_->[0] } @for_w;
    my $watch = child('W', [$orders_r, $reports_w, $go, $progress, @files, @end, @hear],
        sub { watch(\@files, $orders_r, $reports_w, $go, $progress, \@end, \@hear) });
    my @mine = map { $_->[0] } @for_p;
    close_all_but(\*STDIN, \*STDOUT, \*STDERR, $orders, $reports, $signals, $signals_in, @files, @end, @mine,
        grep { defined } map { @{ $_->{files} } } @watched);
    $SIG{$_} = sub { quiet_write($signals_in, 's') } for qw(HUP INT TERM);
    %crew = (orders => $orders, reports => $reports, signals => $signals, endings => \@end, answers => \@mine,
        freezer => $freezer, max_lease => $max_lease,
        keep => [$orders_r, $reports_w, $go_r, $go, $progress, $progress_w, \@starts, \@for_w, \@for_p, \@endings]);
    say_line('READY', "pid=$$", "watch=$watch", "freezer=$freezer", "mlock=$mlock");
}

# Which of these can be read, within so many seconds.
sub readable {
    my ($timeout, @files) = @_;
    my $wanted = '';
    vec($wanted, fileno $_, 1) = 1 for @files;
    my $found = select(my $ready = $wanted, undef, undef, $timeout);
    return if $found <= 0;
    return grep { vec($ready, fileno $_, 1) } @files;
}

# ---- F

# Says before each freeze that it tries and after it what came of it. The closed `go` forbids the next one.
sub freezer {
    my ($files, $go, $progress, $starts) = @_;
    return if !sysread($go, my $word, 1);
    for my $k (0 .. $#$files) {
        return if readable(0, $go);
        return if !quiet_write($starts->[$k], 't') || !quiet_write($progress, "$k t\n");
        my $result = control($files->[$k], $FIFREEZE);
        quiet_write($starts->[$k], $result == 0 ? 'f' : 'x');
        quiet_write($progress, "$k " . name_of($result) . ' ' . stamp() . "\n");
        return if $result != 0;
    }
}

# ---- T

# Ends only when this mount's freeze has been answered, or can no longer come.
sub thawer {
    my ($file, $ending, $start, @answers) = @_;
    my ($state, $ended, $freezer_lives) = ('i', 0, 1);
    my $report;
    while (1) {
        if ($ended && ($state eq 'f' || ($state eq 't' && !$freezer_lives))) {
            # F was killed inside the ioctl when 'trying' is all it said: it is through, and may have frozen.
            $report = thaw($file);
            last;
        }
        if ($state eq 'x' || ($state eq 'i' && !$freezer_lives)) {
            $report = $state eq 'x' ? 'failed' : 'idle';
            last;
        }
        for my $ready (readable(undef, ($ended ? () : $ending), ($freezer_lives ? $start : ()))) {
            my $count = sysread($ready, my $said, 8);
            if ($ready == $ending) { $ended = 1 }    # a word of W or P, or both are gone
            elsif ($count) { $state = substr $said, -1 }
            else { $freezer_lives = 0 }
        }
    }
    quiet_write($_, $report) for @answers;
}

# FITHAW until it says that nothing is frozen. A thaw that the storage refuses is tried until it does not.
sub thaw {
    my ($file) = @_;
    my $first;
    while (1) {
        my $result = control($file, $FITHAW);
        $first = $result if !defined $first;
        return join ' ', name_of($first), name_of($result), stamp() if $result == EINVAL;
        select(undef, undef, undef, 0.05) if $result != 0;
    }
}

# ---- W

# Keeps the lease. Ends the hold once, for the first reason that comes, and then only waits for the thaws.
sub watch {
    my ($files, $orders, $reports, $go, $progress, $endings, $answers) = @_;
    my ($lease_ends, $ended_by, %frozen, %unanswered, %reported, %partial);
    my %open = ((map { fileno($_) => $_ } $orders, $progress), map { fileno($_) => $_ } @$answers);
    my %index = map { fileno($answers->[$_]) => $_ } 0 .. $#$answers;
    my $report = sub { quiet_write($reports, join(' ', @_) . "\n") };
    my $end = sub {
        return if defined $ended_by;
        $ended_by = shift;
        close $go;
        quiet_write($_, 'e') for reverse @$endings;    # `/` was frozen last and is let go first
    };
    my $note = sub {
        my ($k, $what, $when) = split ' ', shift;
        if ($what eq 't') { $unanswered{$k} = 1 }
        elsif ($what eq '0') {
            $frozen{$k} = 1;
            $report->('FROZEN', $k, $when);
            $report->('ALL-FROZEN', stamp()) if keys %frozen == @$files && !defined $ended_by;
        }
        else {
            delete $unanswered{$k};
            $report->('FAILED', $k, $what);
            $end->('failed');
        }
    };
    my $obey = sub {
        my ($line) = @_;
        return $end->($line) if $line !~ /^freeze (\S+)/;
        return if defined $lease_ends || defined $ended_by;
        $lease_ends = $1;
        quiet_write($go, 'g');
    };
    while (grep { $_ != fileno $orders } keys %open) {
        my $left = $TICK;
        if (defined $lease_ends && !defined $ended_by) {
            my $rest = $lease_ends - boot_time();
            $left = $rest < 0 ? 0 : $rest if $rest < $left;
        }
        for my $file (readable($left, values %open)) {
            my $fd = fileno $file;
            my $count = sysread($file, my $piece, 4096);
            $partial{$fd} = '' if !defined $partial{$fd};
            $partial{$fd} .= $piece if $count;
            if (!defined $index{$fd}) {
                while ($partial{$fd} =~ s/^([^\n]*)\n//) { $fd == fileno $orders ? $obey->($1) : $note->($1) }
            }
            next if $count;
            delete $open{$fd};
            if (defined $index{$fd}) {
                $end->('thawer-gone') if $partial{$fd} eq '';
                $reported{ $index{$fd} } = $partial{$fd};
            }
            elsif ($fd == fileno $orders) { $end->('channel-gone') }
            elsif (keys %frozen < @$files) { $end->('freezer-gone') }
        }
        $end->('lease') if defined $lease_ends && boot_time() >= $lease_ends;
    }
    for my $k (reverse 0 .. $#$files) {
        $report->('THAW', $k, $reported{$k} || ($unanswered{$k} ? thaw($files->[$k]) : 'idle'));
    }
    $report->('THAWED', "by=$ended_by", stamp());
}

# ---- P

my ($state, $ponged, $heard) = ('ready', undef, 0);
my ($net_unit, $net_fires, $net_count) = ('', undef, 0);

sub order { quiet_write($crew{orders}, "$_[0]\n") }

# The first part of a session: what there is, and the order to get ready.
sub main {
    $heard = boot_time();
    syswrite(STDOUT, "\n");    # ends whatever the login has said without a newline
    while (1) {
        my $parts = next_words();
        if (!$parts) {
            return if $input_ended || boot_time() - $heard > $IDLE;
            fill() if readable(1, \*STDIN);
            next;
        }
        $heard = boot_time();
        ($nonce) = $parts->[0] =~ /^([0-9a-zA-Z]{8,64})$/ or return if $nonce eq '';
        my ($mark, $word, @rest) = @$parts;
        return if $mark ne $nonce || !defined $word;
        if (eval { before_ready($word, @rest); 1 }) {
            return serve() if %crew;
            next;
        }
        die $@ if !ref $@;
        return say_line('ERROR', $@->{reason}, map { escape($_) } $@->{what}, $@->{detail});
    }
}

sub before_ready {
    my ($word, @rest) = @_;
    if ($word eq 'open') { return ready(options(@rest)) }
    refuse('unknown-word', $word, '-') if $word !~ /^(probe|look|self)$/;
    $word eq 'probe' ? probe() : $word eq 'look' ? look() : tell_self();
    say_line('END');
}

sub ready {
    my (%order) = @_;
    refuse('not-root', '-', 'freezing is the right of root') if $> != 0;
    refuse_relay();
    my $max_lease = agree_lease($order{'max-lease'});
    $lock = lock_guest(unescape($order{owner} || 'somebody'));
    my ($chosen, $same) = choose(map { unescape($_) } grep { length } split /,/, $order{mounts} || '');
    @targets = @$chosen or refuse('nothing', '-', 'no mount was named');
    my %number = map { $targets[$_]{superblock} => $_ } 0 .. $#targets;
    say_line('MOUNT', $_, escape($targets[$_]{path}), $targets[$_]{superblock}, $targets[$_]{type}) for 0 .. $#targets;
    say_line('SAME', $number{ $_->[1]{superblock} }, escape($_->[0])) for @$same;
    open_counters(grep { length } split /,/, $order{watch} || '');
    make_crew($max_lease / 1000);
}

# What this session may ask for, in milliseconds.
sub agree_lease {
    my ($wanted) = @_;
    my $lease = number($wanted);
    refuse('no-number', 'max-lease', 'it takes 1 to 7 digits') if !defined $lease;
    my $longest = $MOST_LEASE_MS;
    for my $line (map { /^(max-lease=.*)/ ? $1 : () } keys %{ allow_list() || {} }) {
        my ($text) = $line =~ /^max-lease=(.*?)s?$/;
        my $shorter = number($text);
        refuse('no-number', $line, "in $ALLOW_LIST") if !defined $shorter;
        $longest = $shorter * 1000 if $shorter * 1000 < $longest;
    }
    refuse('lease', $lease, "the longest there is $longest ms") if $lease > $longest;
    return $lease;
}

# After READY: words in, reports out. What thaws does not depend on this process.
sub serve {
    my ($pending, $listening) = ('', 1);
    obey();
    while (1) {
        for my $file (readable(1, $crew{reports}, $crew{signals}, ($listening ? \*STDIN : ()))) {
            if ($file == $crew{reports}) {
                my $count = sysread($file, $pending, 4096, length $pending);
                return without_watch() if !$count;
                while ($pending =~ s/^([^\n]*)\n//) {
                    my $line = $1;
                    my $over = $line =~ /^THAWED/;
                    if ($line =~ /^ALL-FROZEN/) {
                        begin_counting();
                        $state = 'held';
                    }
                    say_line($line, $over ? "written=$written" : ());
                    return over() if $over;
                }
            }
            elsif ($file == $crew{signals}) {
                sysread($file, my $word, 64);
                order('signal');
            }
            else {
                fill();
                obey();
                if ($input_ended) {
                    $listening = 0;
                    order('line');
                }
            }
        }
        order('idle') if $state eq 'ready' && boot_time() - $heard > $IDLE;
    }
}

sub obey {
    while (my $parts = next_words()) {
        $heard = boot_time();
        my ($mark, $word, @rest) = @$parts;
        return order('unknown-word') if $mark ne $nonce || !defined $word;
        if ($word eq 'ping') {
            say_line('PONG', defined $rest[0] ? $rest[0] : '-', stamp(), $state);
            $ponged = boot_time();
        }
        elsif ($word eq 'thaw') {
            end_counting();
            order('word');
        }
        elsif ($state ne 'ready') { return order('unknown-word') }
        elsif ($word eq 'freeze') { freeze(options(@rest)) }
        elsif ($word eq 'sync') { sync_all() }
        elsif ($word eq 'look') { look(); say_line('END') }
        elsif ($word eq 'arm') { say_line('ARMED', arm_net()) }
        else { return order('unknown-word') }
    }
}

sub freeze {
    my (%order) = @_;
    my $now = boot_time();
    my $lease = number($order{lease});
    return say_line('REFUSED', 'stale') if !defined $ponged || $now - $ponged > $FRESH;
    return say_line('REFUSED', 'lease') if !defined $lease || $lease / 1000 > $crew{max_lease};
    # A timer that could fire while we hold would end the hold; then nothing is held until it is armed anew.
    my $ends = $now + $lease / 1000;
    return say_line('REFUSED', 'lease') if defined $net_fires && $ends + 1 >= $net_fires;
    $state = 'freezing';
    order("freeze $ends");
}

sub sync_all {
    my $call = $SYNC_FS{$machine};
    for my $target (@targets) {
        next if defined $call && syscall($call, $target->{fd} + 0) == 0;
        run('sync');
    }
    say_line('SYNCED');
}

# W is dead: order every thaw ourselves, and wait for each.
sub without_watch {
    quiet_write($_, 'e') for @{ $crew{endings} };
    for my $k (0 .. $#targets) {
        my $report = '';
        1 while sysread($crew{answers}[$k], $report, 64, length $report);
        if ($report eq '') {    # T is dead as well; F's end tells that no freeze is under way
            waitpid $crew{freezer}, 0;
            $report = $state eq 'ready' ? 'idle' : thaw($targets[$k]{file});
        }
        say_line('THAW', $k, $report);
    }
    say_line('THAWED', 'by=watch-gone', stamp());
    over();
}

sub over {
    disarm_net();
    POSIX::_exit(0);
}

# The second net: a timer of PID 1 that thaws when all of us are gone. Armed outside of the window.
sub arm_net {
    return 'none' if !-d $SYSTEMD;
    disarm_net();
    $net_unit = sprintf 'stillpoint-thaw-%s-%d', $nonce, ++$net_count;
    my $seconds = POSIX::ceil($NET_SECONDS + $crew{max_lease} + 5);
    my $script = "PATH=$PATH;" . ' for n in 1 2 3; do for m; do fsfreeze -u "$m"; done; sleep 1; done';
    $net_fires = boot_time() + $seconds;
    my @paths = map { $_->{path} =~ m{^(/.*)}s } reverse @targets;
    my $armed = run('systemd-run', '--quiet', "--unit=$net_unit", "--on-active=$seconds",
        '--timer-property=AccuracySec=100ms', '/bin/sh', '-c', $script, 'sh', @paths);
    $net_fires = undef if !$armed;
    return $armed ? 'timer' : 'none';
}

sub disarm_net {
    run('systemctl', 'stop', "$net_unit.timer") if defined $net_fires;
    $net_fires = undef;
}

sub run {
    my ($name, @words) = @_;
    my ($program) = grep { -x } map { "$_/$name" } @SYSTEM_FOLDERS or return 0;
    my $pid = fork;
    return 0 if !defined $pid;
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        $SIG{$_} = 'DEFAULT' for qw(HUP INT TERM PIPE);
        alarm 10 if $name ne 'sync';
        exec { $program } $program, @words or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return $? == 0;
}

main();
