#!/bin/sh
# A small array: a volume is a file, a snapshot is a copy. What is to befall a volume stands in faults/VOLUME.
#   FOLDER --password=… list | find | find-of VOLUME | remove VOLUME@NAME | job ID
#   FOLDER --password=… expose VOLUME@NAME | withdraw VOLUME@NAME
#   FOLDER --password=… snapshot VOLUME@NAME...        FOLDER --password=… start VOLUME NAME
cd "$1" || exit 1
verb=$3
shift 3

take() {
  cp "volumes/${1%@*}" "snapshots/.$1" && mv "snapshots/.$1" "snapshots/$1"
}

befalls() {
  cat "faults/$1" 2>/dev/null || echo nothing
}

# Goes on when whoever called is gone.
apart() {
  setsid sh -c "$1" apart "$2" "$3" </dev/null >/dev/null 2>&1 &
}

snapshot() {
  for name; do
    case $(befalls "${name%@*}") in
      refused) echo "snapshot reserve is full" >&2; exit 5 ;;
      lost-before) sleep 5; exit 9 ;;
      late)
        for one; do
          apart 'n=0; while [ ! -e now ] && [ $n -lt 300 ]; do n=$((n + 1)); sleep 0.05; done
                 cp "volumes/${1%@*}" "snapshots/.$1" && mv "snapshots/.$1" "snapshots/$1"' "$one" ''
        done
        sleep 5; exit 9 ;;
    esac
  done
  for name; do take "$name"; done
  for name; do
    [ "$(befalls "${name%@*}")" = lost-after ] && sleep 5
  done
  return 0
}

start() {
  id=$$
  case $(befalls "$1") in
    job)
      apart 'sleep 0.5; cp "volumes/${1%@*}" "snapshots/.$1" && mv "snapshots/.$1" "snapshots/$1"; echo finished >"jobs/$2"' "$1@$2" $id ;;
    job-fails) echo broken >"jobs/$id" ;;
    *) snapshot "$1@$2"; echo finished >"jobs/$id" ;;
  esac
  echo "started, job $id"
}

case $verb in
  list) cd volumes && stat -c '%s %n' -- * ;;
  find) ls -i --time-style=+%s -l snapshots | sed -n 's/^ *\([0-9]*\) .* \([0-9]\{10\}\) \(.*\)$/\1 \2 \3/p' ;;
  find-of) cd snapshots && for one in "$1"@*; do [ ! -e "$one" ] || stat -c '%i %Y %n' "$one"; done ;;
  remove) rm "snapshots/$1" ;;
  expose) cp "snapshots/$1" "shown/$1" && echo "image: $PWD/shown/$1" ;;
  withdraw) rm "shown/$1" ;;
  job) cat "jobs/$1" 2>/dev/null || echo running ;;
  snapshot) snapshot "$@" ;;
  start) start "$@" ;;
esac
