#!/bin/sh
# The same work as a careful operator would write it: connections opened beforehand (ControlMaster), everything in the
# background and waited for, nothing fired unless all are frozen, and a thaw whatever happens.
#   hold-snapshot-release.sh SSH_CONFIG MOUNT SNAPSHOT GUESTS ARRAYS
set -u
config=$1 mount=$2 snapshot=$3 guests=$4 arrays=$5

# Runs a command on each host of a list, all at once; fails if one of them does.
everywhere() {
  hosts=$1; shift
  running=
  failed=0
  for host in $hosts; do
    ssh -F "$config" "$host" "$@" &
    running="$running $!"
  done
  for each in $running; do wait "$each" || failed=1; done
  return $failed
}

thaw() {
  trap - EXIT
  everywhere "$guests" fsfreeze -u "$mount"
}

trap thaw EXIT
trap 'exit 1' HUP INT TERM
echo opened
everywhere "$guests" fsfreeze -f "$mount" && everywhere "$arrays" snapshot "$snapshot"
outcome=$?
thaw || outcome=1
echo closed
exit $outcome
