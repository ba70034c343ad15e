#!/bin/sh
# Stands in for fsfreeze(8) in a guest of the demo, which has no file system of its own: what is frozen is the guest's
# writer, and what is flushed are its disks. Answers and exits as the real one does.
#   Beside it: ../writer (the writer's process id), ../disks/MOUNT (that mount's disk), ../frozen/ (one entry a mount)
set -u
PATH=/usr/bin:/bin:/usr/sbin:/sbin
guest=$(cd "$(dirname "$0")/.." && pwd)
mount=$2
entry=$(printf %s "$mount" | tr / _)
writer=$(cat "$guest/writer")

fail() {
  echo "fsfreeze: $1" >&2
  exit 1
}

stopped() {
  if [ -r "/proc/$writer/stat" ]; then
    read -r _ _ state _ <"/proc/$writer/stat"
  else
    state=$(ps -o stat= -p "$writer")
  fi
  case $state in
    T*) return 0 ;;
    *) return 1 ;;
  esac
}

[ -e "$guest/disks/$entry" ] || fail "cannot open $mount: No such file or directory"
case $1 in
  -f | --freeze)
    mkdir "$guest/frozen/$entry" 2>/dev/null || fail "$mount: freeze failed: Device or resource busy"
    kill -STOP "$writer" || fail "$mount: freeze failed: No such process"
    until stopped; do :; done
    sync "$guest/disks/$entry"
    ;;
  -u | --unfreeze)
    rmdir "$guest/frozen/$entry" 2>/dev/null || fail "$mount: unfreeze failed: Invalid argument"
    [ -n "$(ls "$guest/frozen")" ] || kill -CONT "$writer"
    ;;
  *) fail "unrecognized option '$1'" ;;
esac
