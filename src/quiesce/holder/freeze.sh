# Stillpoint's holder for guests with neither python nor perl: POSIX sh, and fsfreeze found by name. It must fork and
# execute to let go, so it holds data volumes only, never /. The words are those of holder.py; the processes:
#
#   P  the channel: reads words, answers them, starts F, lets go on a word.
#   W  the watch: lets go at the end of the lease, or when P is dead. Looks five times a second.
#   V  lets go when W is dead.
#   F  the freezer. What it has tried, frozen and failed stands in files in memory, and its end is the end of a pipe,
#      which a stuck fsfreeze holds open as well.
#
# Whoever makes the folder `ending` lets go: one background process a mount, each of which waits until its mount's
# freeze is decided before it thaws.
#
# With STILLPOINT_ROOT set, everything that is read of the system is read below that folder: the guests of the demo.
# channel.sh follows this: the channel, the watch and the letting go, which the keeper of `script` has in common.

# Programs are found where only root puts them; the guests of the demo bring their own.
if [ -z "${STILLPOINT_ROOT:-}" ]; then PATH=/usr/sbin:/usr/bin:/sbin:/bin; else PATH=$PATH:/usr/sbin:/sbin; fi
LC_ALL=C
export PATH LC_ALL
umask 077

# A holder that a site installs obeys only the mounts that this file lists; the one that is sent has no such file.
ALLOW_LIST=''

ROOT=${STILLPOINT_ROOT:+$(cd -P "$STILLPOINT_ROOT" && pwd -P)}
cd /
TABLE=$ROOT/proc/self/mountinfo
NET_MS=60000      # the timer of PID 1 leaves so long between being armed and the hold word
net=
net_fires=
locks=

# ---- what there is

real() { (cd -P "$1" 2> /dev/null && pwd -P) || readlink -f "$1" 2> /dev/null || printf '%s\n' "$1"; }

tell_file() { [ ! -r "$1" ] || tell "${1#"$ROOT"}" < "$1"; }

tell() {
  od -An -v -tx1 2> /dev/null | tr -d ' \n' | fold -w 32768 | while read -r hex || [ -n "$hex" ]; do
    say F "$(escaped "$1")" "$hex"
  done
}

tell_line() { read -r line 2> /dev/null < "$1" && say T "${1#"$ROOT"}" "$line"; }

tell_link() { [ -e "$1" ] && say L "${1#"$ROOT"}" "$(t=$(real "$1") && printf '%s' "${t#"$ROOT"}")"; }

look() {
  tell_file "$TABLE"
  tell_file "$ROOT/proc/swaps"
  while read -r line; do
    line=${line#* - * }
    case $line in /dev/*) tell_link "$ROOT${line%% *}" ;; esac
  done < "$TABLE"
}

probe() {
  look
  tell_file "$ROOT/proc/self/status"
  tell_line "$ROOT/sys/class/dmi/id/product_uuid"
  for file in "$ROOT"/sys/class/net/*/address; do tell_line "$file"; done
  for block in "$ROOT"/sys/class/block/*; do
    tell_link "$block"
    for name in size stat queue/iostats dev partition ro dm/name dm/uuid md/level md/sync_action bcache/state \
      loop/backing_file serial wwid device/serial device/wwid; do
      tell_line "$block/$name"
    done
    tell_file "$block/device/vpd_pg80"
    tell_file "$block/device/vpd_pg83"
    for link in "$block"/slaves/* "$block"/holders/*; do tell_link "$link"; done
  done
  # Where the kernel names what a file system or its journal lies on, in whatever namespace it is mounted.
  for link in "$ROOT"/sys/fs/btrfs/*/devices/* "$ROOT"/sys/fs/ext4/* "$ROOT"/sys/fs/xfs/* "$ROOT"/sys/fs/f2fs/* \
    "$ROOT"/sys/fs/nilfs2/* "$ROOT"/proc/fs/jbd2/*; do tell_link "$link"; done
  tell_mounted_elsewhere
  tell_mapper
  tell_openers
  for file in "$ROOT"/run/udev/data/b*; do tell_file "$file"; done
  [ -z "$ALLOW_LIST" ] || tell_file "$ALLOW_LIST"
}

# What is mounted in other namespaces, of containers or services, and not in this one.
tell_mounted_elsewhere() {
  own=$(ls -ln "$ROOT/proc/self/ns/mnt" 2> /dev/null) || return 0
  own=${own##* }
  ls -ln "$ROOT"/proc/[0-9]*/ns/mnt 2> /dev/null | sort -u -t '>' -k 2 | while read -r line; do
    [ "${line##* }" != "$own" ] || continue
    line=${line%/ns/mnt -> *}
    cat "${line##* }/mountinfo" 2> /dev/null
  done | grep ' - [^ ]* /dev/' | cut -d ' ' -f 3 | sort -u | while read -r sb; do
    grep -q "^[^ ]* [^ ]* $sb " "$TABLE" || say X "$sb"
  done
}

# Which of the device mapper's layers are busy by themselves.
tell_mapper() {
  for program in /usr/sbin/dmsetup /sbin/dmsetup; do [ ! -x "$program" ] || break; done
  [ -n "$ROOT" ] || [ ! -x "$program" ] || [ ! -e /sys/class/block/dm-0 ] || "$program" status 2> /dev/null < /dev/null | tell 'dmsetup status'
}

# Who has a block device open for writing: the rights of a link in /proc/PID/fd are those of the descriptor.
tell_openers() {
  ls -ln "$ROOT"/proc/self/fd "$ROOT"/proc/[0-9]*/fd 2> /dev/null | while read -r rights line; do
    case $rights in "$ROOT"/proc/*/fd:) pid=${rights#"$ROOT/proc/"} && pid=${pid%/fd:} ;; esac
    case $rights$line in
      l?w*' -> /dev/'*)
        device=${line##* -> }
        [ -b "$device" ] && read -r comm 2> /dev/null < "$ROOT/proc/$pid/comm" || continue
        say U "$pid" "$(escaped "$comm")" "$(escaped "$device")"
        ;;
    esac
  done
}

# ---- what may be held

# Sets index, superblock and type of the mount at a plain path; the last mounted hides the others.
find_mount() {
  index= superblock= type= at=0
  while read -r _ _ sb _ path line; do
    at=$((at + 1))
    unescape "$path"
    [ "$plain" = "$1" ] || continue
    line=${line#* - }
    index=$at superblock=$sb type=${line%% *}
  done < "$TABLE"
}

# Sets superblock: of the file system that a path lies on.
superblock_of() {
  length=-1 superblock=
  while read -r _ _ sb _ path _; do
    unescape "$path"
    case $1/ in "${plain%/}/"*) [ ${#plain} -lt $length ] || { length=${#plain} && superblock=$sb; } ;; esac
  done < "$TABLE"
}

# Writes what to freeze, the last mounted first, into $folder/mounts: `superblock type path`.
choose() {
  find_mount /
  root=$superblock
  : > "$folder/chosen"
  rest=$1,
  while [ -n "$rest" ]; do
    wire=${rest%%,*}
    rest=${rest#*,}
    unescape "$wire"
    mount=$plain
    [ -n "$mount" ] || continue
    [ -z "$ALLOW_LIST" ] || allowed "$mount" || refuse not-allowed "$mount" "$ALLOW_LIST does not list it"
    find_mount "$mount"
    [ -n "$index" ] || refuse not-a-mount-point "$mount" 'no file system is mounted there'
    case $type in
      ext2 | ext3 | ext4 | xfs | btrfs | jfs | reiserfs | f2fs | nilfs2) ;;
      *) refuse not-freezable "$mount" "$type" ;;
    esac
    [ -n "$ROOT" ] || [ "$superblock" != "$root" ] || refuse sh-holds-no-root "$mount" 'the sh form never freezes /'
    if grep -q "^[0-9]* $superblock " "$folder/chosen"; then
      printf '%s %s\n' "$superblock" "$wire" >> "$folder/same"
    else
      printf '%s %s %s %s\n' "$index" "$superblock" "$type" "$wire" >> "$folder/chosen"
    fi
  done
  [ -s "$folder/chosen" ] || refuse nothing - 'no mount was named'
  sort -rn "$folder/chosen" | cut -d ' ' -f 2- > "$folder/mounts"
  while read -r file kind _; do
    unescape "$file"
    [ "$kind" != file ] || ! is_chosen "$plain" || refuse swap-file "$plain" 'an active swap file lies on a mount to be held'
  done < "$ROOT/proc/swaps"
  for file in "$ROOT"/sys/class/block/loop*/loop/backing_file; do
    read -r backing 2> /dev/null < "$file" && read -r fixed 2> /dev/null < "${file%/loop/*}/ro" || continue
    [ "$fixed" = 1 ] || [ ! -e "$backing" ] || ! is_chosen "$backing" || refuse loop-backing "$backing" 'a loop device writes to it'
  done
}

is_chosen() {
  superblock_of "$1"
  grep -q "^$superblock " "$folder/mounts"
}

# Whether only root writes the list.
is_roots() { [ -n "$(find -L "$ALLOW_LIST" -user root ! -perm -020 ! -perm -002 2> /dev/null)" ]; }

# A thaw tells nobody what became of the snapshots.
released_by() { :; }

# The site's list may name a lease that is shorter than ours, in seconds.
shorter_lease() {
  [ -n "$ALLOW_LIST" ] && is_roots || return 0
  while read -r listed; do
    case $listed in
      max-lease=*)
        number max-lease "${listed%s}" || refuse no-number "$listed" "in $ALLOW_LIST"
        [ $((number * 1000)) -ge "$longest" ] || longest=$((number * 1000))
        ;;
    esac
  done < "$ALLOW_LIST"
}

allowed() {
  is_roots || return 1
  while read -r listed; do
    unescape "$listed"
    [ "$plain" != "$1" ] || return 0
  done < "$ALLOW_LIST"
  return 1
}

# One owner a guest, with as many holders as its run has stages: they share the lock of a file that only root opens, and
# the last of them lets it go. The lock is the open file's (9), and whoever of us is left keeps it.
lock() {
  for run in "$ROOT/run" "$ROOT/var/run" ''; do [ ! -w "$run" ] || break; done
  [ -n "$run" ] || refuse no-lock /run 'no folder for the lock'
  if ! command -v flock > /dev/null; then
    lock_by_pid "$1"
    return
  fi
  [ ! -L "$run/stillpoint.lock" ] || refuse no-lock "$run/stillpoint.lock" 'it is a link'
  exec 9>> "$run/stillpoint.lock"
  chmod 600 "$run/stillpoint.lock"
  if flock -n 9; then
    # Nobody else holds here. A timer that an earlier holder left behind is the last that thaws what that one may have
    # left frozen: it is not taken away, its work is done now. Should it fire once more, that costs a hold its proof.
    : > "$run/stillpoint.lock"
    ! has_systemd || systemctl start 'stillpoint-thaw-*.service' > /dev/null 2>&1
    printf '%s\n' "$1" > "$run/stillpoint.lock"
  fi
  # Between two kinds of lock there is none: another run may have come first.
  { is_locked_by "$1" && flock -n -s 9 && is_locked_by "$1"; } || refuse locked "${owner:-somebody}" 'another holder works here'
}

is_locked_by() { owner= && read -r owner < "$run/stillpoint.lock"; [ "$owner" = "$1" ]; }

# Where there is no flock: a file for every holder that lives, by its pid, which says whose it is.
lock_by_pid() {
  locks=$run/stillpoint.lock.d
  mkdir -p "$locks" && printf '%s\n' "$1" > "$locks/$$" || refuse no-lock "$locks" 'it cannot be written'
  for other in "$locks"/*; do
    kill -0 "${other##*/}" 2> /dev/null || { rm -f "$other" && continue; }
    owner= && read -r owner < "$other"
    [ "$owner" = "$1" ] || { rm -f "$locks/$$" && refuse locked "$owner" 'another holder works here'; }
  done
}

# With I/O logging sudo stands between us and the line, and writes its log where we freeze.
refuse_relay() {
  [ "$(cat "/proc/$PPID/comm" 2> /dev/null)" = sudo ] || return 0
  [ "$(readlink "/proc/$PPID/fd/0")" = "$(readlink "/proc/$$/fd/0")" ] || refuse sudo-relays sudo 'it logs input or output'
}

# ---- the words of this holder

get_ready() {
  [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || refuse not-root - 'freezing is the right of root'
  refuse_relay
  agree_lease "$@"
  agree_watch "$@"
  unescape "$(option owner "$@")"
  lock "$plain"
  make_folder "$run"
  choose "$(option mounts "$@")"
  mkfifo "$folder/pin"
  exec 3<> "$folder/pin"
  count=0
  while read -r sb kind wire; do
    unescape "$wire"
    # A process that stands in it keeps the mount from being unmounted: a path that is none any more would freeze /.
    if [ -z "$ROOT" ]; then
      (cd "$plain" && exec cat "$folder/pin") > /dev/null 2>&1 3>&- < /dev/null &
      ! command -v mountpoint > /dev/null || mountpoint -q "$plain" || refuse not-a-mount-point "$plain" -
    fi
    say MOUNT $count "$wire" "$sb" "$kind"
    count=$((count + 1))
  done < "$folder/mounts"
  [ ! -e "$folder/same" ] || while read -r sb wire; do
    say SAME "$(($(grep -n "^$sb " "$folder/mounts" | cut -d : -f 1) - 1))" "$wire"
  done < "$folder/same"
  start_crew
}

special() {
  case $state.$1 in
    new.probe) probe ;;
    new.self) case $0 in /*) tell_file "$0" ;; esac; tell_file "$ROOT/proc/self/status" ;;
    new.look | ready.look) look ;;
    ready.sync) sync_all; say SYNCED; return ;;
    ready.arm) arm; return ;;
    *) return 1 ;;
  esac
  say END
}

sync_all() {
  while read -r _ _ wire; do unescape "$wire" && sync -f "$plain" 2> /dev/null || sync; done < "$folder/mounts"
}

# A timer that could fire while we hold would end the hold; then nothing is held until it is armed anew.
reaches() { [ -z "$net_fires" ] || [ "$1" -lt "$net_fires" ]; }

has_systemd() { [ -d /run/systemd/system ] && [ -z "$ROOT" ]; }

disarm() { [ -z "$net" ] || systemctl stop "$net.timer" > /dev/null 2>&1; }

tidy() {
  disarm
  [ -z "$locks" ] || { rm -f "$locks/$$" && rmdir "$locks" 2> /dev/null; }
}

# The second net: a timer of PID 1 that thaws when all of us are gone. Armed outside of the window.
arm() {
  has_systemd || { say ARMED none; return; }
  disarm
  now
  net=stillpoint-thaw-$nonce-$now
  seconds=$(((NET_MS + max_lease) / 1000 + 6))
  set --
  while read -r _ _ wire; do unescape "$wire" && set -- "$plain" "$@"; done < "$folder/mounts"
  if systemd-run --quiet "--unit=$net" "--on-active=$seconds" --timer-property=AccuracySec=100ms \
    /bin/sh -c "PATH=$PATH"'; for n in 1 2 3; do for m; do fsfreeze -u "$m"; done; sleep 1; done' sh "$@" > /dev/null 2>&1; then
    net_fires=$((now + seconds * 1000))
    say ARMED timer
  else
    net= net_fires=
    say ARMED none
  fi
}

# ---- the freeze and its thaw

# F. Says before each freeze that it tries and after it what came of it. The folder `ending` forbids the next one.
freezer() {
  trap '' HUP INT TERM
  trap - EXIT
  settle F
  exec 8> "$folder/f"
  : > "$folder/f.started"
  k=0
  while read -r _ _ wire; do
    [ ! -d "$folder/ending" ] || return
    unescape "$wire"
    : > "$folder/$k.trying" || return
    if why=$(fsfreeze --freeze "$plain" 2>&1); then
      : > "$folder/$k.frozen"
      now
      say FROZEN $k "${now}000000"
    else
      : > "$folder/$k.failed"
      case $why in *[Bb]usy*) why=EBUSY ;; *) why=$(escaped "${why##*: }") ;; esac
      say FAILED $k "${why:-EIO}"
      exec 8>&-
      let_go failed
      return
    fi
    k=$((k + 1))
  done < "$folder/mounts"
  [ -d "$folder/ending" ] || { begin_counting; : > "$folder/held" && now && say ALL-FROZEN "${now}000000"; }
}

thaw_when_decided() {
  trap '' HUP INT TERM
  trap - EXIT
  settle T
  exec 7>&- 8>&-
  while :; do
    if [ -e "$folder/f.gone" ]; then over=yes; else over=; fi
    if [ -e "$folder/$1.frozen" ]; then break
    elif [ -e "$folder/$1.failed" ]; then report=failed
    elif [ ! -e "$folder/f.started" ]; then report=idle
    elif [ -n "$over" ] && [ -e "$folder/$1.trying" ]; then break
    elif [ -n "$over" ]; then report=idle; fi
    [ -z "$report" ] || { echo "$report" > "$folder/$1.report"; return; }
    sleep 0.1
  done
  first=
  while :; do
    if why=$(fsfreeze --unfreeze "$2" 2>&1); then result=0
    else case $why in *nvalid*) result=EINVAL ;; *) result=failed && sleep 0.1 ;; esac; fi
    first=${first:-$result}
    [ "$result" != EINVAL ] || break
  done
  now
  echo "$first EINVAL ${now}000000" > "$folder/$1.report"
}
