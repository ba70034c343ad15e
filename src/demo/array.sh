#!/bin/sh
# An array: a volume is a file, a snapshot is a copy of it, taken at the end of the array's latency.
#   array.sh FOLDER find | remove NAME | snapshot SECONDS VOLUME@LABEL...
set -eu
export LC_ALL=C
cd "$1"
case $2 in
  find) ls -i snapshots ;;
  remove) rm "snapshots/$3" ;;
  snapshot)
    sleep "$3"
    shift 3
    for name; do cp "volumes/${name%@*}" "snapshots/$name"; done
    ;;
esac
