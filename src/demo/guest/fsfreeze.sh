#!/bin/sh
# Stands in for fsfreeze(8) in a guest of the demo, which has no file system of its own: what is frozen is the guest's
# writer, and what is flushed are its disks. Answers and exits as the real one does.
#   Beside it: ../writer (the writer's process id), ../disks/NAME (the disk of the mount /…/NAME), ../frozen/NAME
set -u
PATH=/usr/bin:/bin:/usr/sbin:/sbin
guest=${0%/*}/..
mount=$2
name=${mount##*/}
read -r writer <"$guest/writer"

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

[ -e "$guest/disks/$name" ] || fail "cannot open $mount: No such file or directory"
case $1 in
  -f | --freeze)
    mkdir "$guest/frozen/$name" 2>/dev/null || fail "$mount: freeze failed: Device or resource busy"
    kill -STOP "$writer" || fail "$mount: freeze failed: No such process"
    until stopped; do :; done
    sync "$guest/disks/$name"
    ;;
  -u | --unfreeze)
    rmdir "$guest/frozen/$name" 2>/dev/null || fail "$mount: unfreeze failed: Invalid argument"
    # The writer goes on when nothing is frozen any more.
    for each in "$guest"/frozen/*; do [ -e "$each" ] || kill -CONT "$writer"; done
    ;;
  *) fail "unrecognized option '$1'" ;;
esac
