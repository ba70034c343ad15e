const STUCK = 'test/lab/holder-stuck.test.ts';
const ENDINGS = 'test/lab/holder-endings.test.ts';
const REFUSALS = 'test/lab/holder-refusals.test.ts';
const LATE = 'test/lab/holder-late.test.ts';
const CHANNEL = 'test/unit/quiesce/channel.test.ts';
const SCRIPT = 'test/process/quiescer-script.test.ts';
const LOGINS = 'test/lab/holder-logins.test.ts';
const WORDS = 'test/process/holder-words.test.ts';

/** What runs in the guest, in each of its forms. Most of these tests freeze real file systems, as root. */
export const holder = [
  {
    name: 'lease-starts-after-the-freeze-python',
    why: 'The lease counts from before the first freeze, also where a freeze does not come back.',
    file: 'src/quiesce/holder/holder.py',
    before: 'if self.lease_ends is not None and boot_time() >= self.lease_ends:',
    after: 'if self.lease_ends is not None and len(self.frozen) == len(self.fds) and boot_time() >= self.lease_ends:',
    tests: [`${STUCK} > by the python3 holder lets the rest go when the lease ends`],
  },
  {
    name: 'end-of-the-line-is-not-heard-python',
    why: 'A guest whose line has ended lets go at once.',
    file: 'src/quiesce/holder/holder.py',
    before: "crew.order(b'line\\n')",
    after: 'pass',
    tests: [`${ENDINGS} > by the python3 holder lets go when the client is killed`],
  },
  {
    name: 'freezes-a-plain-folder-python',
    why: 'A path that is no mount point would freeze what it lies on, which may be `/`.',
    file: 'src/quiesce/holder/holder.py',
    before: 'if mount is None or mount.path != path:',
    after: 'if mount is None:',
    tests: [`${REFUSALS} > the python3 holder refuses a plain folder`],
  },
  {
    name: 'lets-a-second-comer-in-python',
    why: 'A guest refuses a second holder, and says whose the first is.',
    file: 'src/quiesce/holder/holder.py',
    before: 'if locked_by(fd) != owner or not locked(fd, fcntl.LOCK_SH) or locked_by(fd) != owner:',
    after: 'if not locked(fd, fcntl.LOCK_SH):',
    tests: [`${REFUSALS} > the python3 holder refuses a second comer`],
  },
  {
    name: 'end-of-the-line-is-not-heard-perl',
    why: 'A guest whose line has ended lets go at once.',
    file: 'src/quiesce/holder/holder.pl',
    before: "order('line');",
    after: '',
    tests: [`${ENDINGS} > by the perl holder lets go when the client is killed`],
  },
  {
    name: 'einval-is-believed-while-freezing-sh',
    why: 'EINVAL while a freeze is in progress means "not frozen yet": the freeze still has to be answered by a thaw.',
    file: 'src/quiesce/holder/freeze.sh',
    before: 'elif [ -n "$over" ] && [ -e "$folder/$1.trying" ]; then break',
    after: 'elif [ -e "$folder/$1.trying" ]; then break',
    tests: [`${STUCK} > by the sh holder in dash obeys a release while it is stuck, with a direct write`],
  },
  {
    name: 'number-of-any-form-sh',
    why: 'In bash, arithmetic runs the commands that stand in its words.',
    file: 'src/quiesce/holder/channel.sh',
    before: "case $number in '' | *[!0123456789]* | ????????*) return 1 ;; esac",
    after: '',
    tests: [`${WORDS} > a lease is a number before the sh does`],
  },
  {
    name: 'path-of-the-caller-sh',
    why: 'A program that the caller has put on its path would run as root where sudo leaves the path as it is.',
    file: 'src/quiesce/holder/freeze.sh',
    before: 'then PATH=/usr/sbin:/usr/bin:/sbin:/bin; else',
    after: 'then :; else',
    tests: [`${WORDS} > no program on the path of the caller`],
  },
  {
    name: 'lock-that-anybody-opens-python',
    why: 'Whoever can open the file can lock it, and keeps every run from the guest.',
    file: 'src/quiesce/holder/holder.py',
    before: 'os.fchmod(fd, 0o600)',
    after: 'os.fchmod(fd, 0o644)',
    tests: [`${REFUSALS} > the python3 holder locks by a file`],
  },
  {
    name: 'lock-ends-with-the-first-stage-sh',
    why: 'While a later stage of a run still holds, no other run may come.',
    file: 'src/quiesce/holder/freeze.sh',
    before: '&& flock -n -s 9 &&',
    after: '&&',
    tests: [`${REFUSALS} > the sh holder in bash keeps the guest for its run`],
  },
  {
    name: 'any-lease-is-agreed-python',
    why: 'No hold is longer than two minutes, whoever asks.',
    file: 'src/quiesce/holder/holder.py',
    before: 'if lease > longest:',
    after: 'if lease < 0:',
    tests: [`${REFUSALS} > the python3 holder takes a lease only`],
  },
  {
    name: 'installs-before-it-looks-at-the-sums',
    why: 'What is installed must be what was printed.',
    file: 'src/quiesce/holder/print.ts',
    before: '| sha256sum -c`',
    after: '| sha256sum -c || :`',
    tests: [`${LOGINS} > with the perl holder that the site installed is not installed where`],
  },
  {
    name: 'obeys-a-late-hold-word-sh',
    why: 'A hold word that was under way for more than a second freezes nobody.',
    file: 'src/quiesce/holder/channel.sh',
    before: ' || [ $((now - ponged)) -gt $FRESH_MS ]',
    after: '',
    tests: [`${LATE} > by the sh holder in dash a hold word that was under way for too long`],
  },
  {
    name: 'script-does-not-release-half-a-hold',
    why: 'A hold command that failed may have held: its release runs all the same.',
    file: 'src/quiesce/holder/keep.sh',
    before: '[ -e "$folder/hold.pid" ] || {',
    after: '[ -e "$folder/0.frozen" ] || {',
    tests: [`${SCRIPT} > releases also after a hold that failed`],
  },
  {
    name: 'hanging-check-keeps-the-release',
    why: 'A check that hangs keeps nobody held: it is ended, and has failed.',
    file: 'src/quiesce/holder/keep.sh',
    before: 'passes() { [ -z "$check" ] || limited "$check" 20; }',
    after: 'passes() { [ -z "$check" ] || (run_list "$check"); }',
    tests: [`${SCRIPT} > releases though the check hangs`],
  },
  {
    name: 'written-is-kept',
    why: 'A hold during which somebody wrote is no kept one, whatever its file systems say.',
    file: 'src/quiesce/holder/channel.ts',
    before: "return parts.watches.length === 0 ? { kind: 'kept' } : unwritten(written, parts.watches);",
    after: "return parts.watches.length < 99 ? { kind: 'kept' } : unwritten(written, parts.watches);",
    tests: [CHANNEL],
  },
  {
    name: 'silence-is-unwritten',
    why: 'A holder that does not say what was written has not said that nothing was.',
    file: 'src/quiesce/holder/channel.ts',
    before: 'if (written === undefined || unread',
    after: 'if (written === undefined) return { kind: "kept" };\n  if (unread',
    tests: [CHANNEL],
  },
];
