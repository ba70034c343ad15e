# Stillpoint's keeper for `script`: runs a site's own commands to hold and to release, and runs the release by itself
# when the lease ends, when the line drops, or when one of its processes dies. The words and processes are those of
# freeze.sh; what is held is one thing, the command's. channel.sh follows this.
#
# The release runs whenever the hold was begun, also if it failed or was cut short: half a hold is one. It runs only
# after the hold command has ended, so that no hold comes after its release.
# The commands are found as the login finds them.
PATH=$PATH:/usr/sbin:/sbin
ROOT=${STILLPOINT_ROOT:+$(cd -P "$STILLPOINT_ROOT" && pwd -P)}

get_ready() {
  agree_lease "$@"
  agree_watch "$@"
  number release-limit "$@" || refuse no-number release-limit 'it takes 1 to 7 digits'
  limit=$number
  for run in /run /var/run /dev/shm "${TMPDIR:-/tmp}"; do [ ! -w "$run" ] || break; done
  make_folder "$run"
  hold=$(option hold "$@")
  check=$(option check "$@")
  release=$(option release "$@")
  echo '- - hold' > "$folder/mounts"
  say MOUNT 0 hold - -
  start_crew
}

# What became of the snapshots, for the release command: some applications have to be told. A file, because the release
# is run by a process that has started long before; unknown is the word of whoever releases without being told.
released_by() { case $(option snapshot "$@") in taken | none) option snapshot "$@" > "$folder/snapshot" ;; esac; }
shorter_lease() { :; }
special() { return 1; }
reaches() { :; }
tidy() { :; }

# Runs the words that are listed on the wire, in a process group of their own where there is setsid.
run_list() {
  list=$1,
  set --
  while [ -n "$list" ]; do
    unescape "${list%%,*}"
    list=${list#*,}
    set -- "$@" "$plain"
  done
  trap - HUP INT TERM PIPE
  ! command -v setsid > /dev/null || set -- setsid "$@"
  exec "$@" < /dev/null > /dev/null 2> "$folder/said" 3>&- 7>&- 8>&- 9>&-
}

# A command with all that it has started and not left behind by itself.
end_command() { kill -s "$1" -- "-$2" 2> /dev/null || kill -s "$1" "$2" 2> /dev/null; }

# One command, ended if it takes longer than so many tenths of a second. Nobody waits for what even that does not end.
limited() {
  (run_list "$1") &
  runs=$! left=$2
  while kill -0 $runs 2> /dev/null; do
    [ $left -gt 0 ] || end_command KILL $runs
    [ $left -gt -10 ] || return 137
    left=$((left - 1))
    sleep 0.1
  done
  wait $runs
}

# A check that hangs must not keep the release waiting.
passes() { [ -z "$check" ] || limited "$check" 20; }

last_words() { escaped "$(tail -n 1 "$folder/said" 2> /dev/null)"; }

# F
freezer() {
  trap '' HUP INT TERM
  trap - EXIT
  settle F
  exec 8> "$folder/f"
  : > "$folder/f.started"
  [ ! -d "$folder/ending" ] || return
  (run_list "$hold") &
  echo $! > "$folder/hold.pid"
  : > "$folder/0.trying"
  wait $!
  result=$?
  if [ $result = 0 ] && passes; then
    : > "$folder/0.frozen"
    now
    say FROZEN 0 "${now}000000"
    [ -d "$folder/ending" ] || { begin_counting; : > "$folder/held" && say ALL-FROZEN "${now}000000"; }
  else
    [ $result = 0 ] && result=check
    : > "$folder/0.failed"
    exec 8>&-
    # What was cut short has not failed by itself: the reason is the ending's.
    [ ! -d "$folder/ending" ] || return
    say FAILED 0 "$result" "$(last_words)"
    let_go failed
  fi
}

hold_runs() { read -r pid 2> /dev/null < "$folder/hold.pid" && kill -0 "$pid" 2> /dev/null; }

# Ends a hold command that still runs, then releases; again and again if that fails.
thaw_when_decided() {
  trap '' HUP INT TERM
  trap - EXIT
  settle T
  exec 7>&- 8>&-
  [ -e "$folder/f.started" ] || { echo idle > "$folder/0.report"; return; }
  tries=0
  while [ ! -e "$folder/0.frozen" ] && [ ! -e "$folder/0.failed" ]; do
    if [ -e "$folder/f.gone" ] && ! hold_runs; then break; fi
    tries=$((tries + 1))
    [ $tries != 1 ] || ! hold_runs || end_command TERM "$pid"
    [ $tries != 20 ] || ! hold_runs || end_command KILL "$pid"
    sleep 0.1
  done
  [ -e "$folder/hold.pid" ] || { echo idle > "$folder/0.report"; return; }
  first=EINVAL
  [ ! -e "$folder/0.frozen" ] || ! passes || first=0
  tries=0
  STILLPOINT_SNAPSHOT=$(cat "$folder/snapshot" 2> /dev/null) || STILLPOINT_SNAPSHOT=unknown
  export STILLPOINT_SNAPSHOT
  until limited "$release" "$limit"; do
    tries=$((tries + 1))
    [ $tries -lt 5 ] || { printf 'stuck %s\n' "$(last_words)" > "$folder/0.report"; return; }
    sleep 1
  done
  now
  echo "$first EINVAL ${now}000000" > "$folder/0.report"
}

