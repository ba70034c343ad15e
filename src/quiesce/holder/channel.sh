# Follows freeze.sh or keep.sh, and speaks with the other side for them. They define get_ready, shorter_lease, special
# (words of their own), reaches, freezer, thaw_when_decided and tidy. What is held stands in $folder/mounts, its last
# word a wire word.
trap '' PIPE

FRESH_MS=1000     # a hold word is obeyed for so long after an answered ping
IDLE_MS=120000    # without any word, and with nothing held, the holder goes away
MOST_LEASE_MS=120000  # no hold is longer, whoever asks
P=$$
nonce=
folder=

# Milliseconds since the guest's start, those of its suspensions too.
now() {
  if read -r up _ 2> /dev/null < /proc/uptime; then now=${up%.*}${up#*.}0; else now=$(date +%s)000; fi
  while [ "${now#0}" != "$now" ] && [ ${#now} -gt 1 ]; do now=${now#0}; done
}

say() { printf '%s %s\n' "$nonce" "$*" 2> /dev/null; }

refuse() {
  say ERROR "$1" "$(escaped "$2")" "$(escaped "$3")"
  exit 1
}

escaped() {
  printf '%s' "$1" | od -An -v -to1 | tr ' ' '\n' | while read -r octal; do
    case $octal in
      '') ;;
      0[0-3]? | 040 | 054 | 075 | 134 | 177) printf '%s' "\\$octal" ;;
      *) printf '%b' "\\0$octal" ;;
    esac
  done
}

# Sets `plain`.
unescape() {
  case $1 in
    *\\*) plain=$(printf '%b.' "$(printf '%s' "$1" | sed 's/\\\([0-3][0-7][0-7]\)/\\0\1/g')") && plain=${plain%.} ;;
    *) plain=$1 ;;
  esac
}

# The value of KEY= among words; of several the last one's.
option() {
  key=$1 value=
  shift
  for word; do case $word in "$key="*) value=${word#*=} ;; esac; done
  printf '%s' "$value"
}

# Sets `number`, to the value of KEY= among words; fails if that is not 1 to 7 digits. Nothing else may reach arithmetic:
# bash runs the commands that stand in its words, and a zero in front makes octal.
number() {
  number=$(option "$@")
  case $number in '' | *[!0123456789]* | ????????*) return 1 ;; esac
  number=${number#"${number%%[!0]*}"}
  number=${number:-0}
}

# ---- the crew

# Where the crew's marks and pipes stand: in memory, gone when all is over.
make_folder() {
  folder=$(mktemp -d "$1/stillpoint.XXXXXX") || refuse no-lock "$1" 'no folder can be made there'
  trap leave EXIT
  trap 'exit 1' HUP INT TERM
  mkfifo "$folder/w" "$folder/f"
}

# Sets `max_lease`, to what this session may ask for.
agree_lease() {
  number max-lease "$@" || refuse no-number max-lease 'it takes 1 to 7 digits'
  max_lease=$number longest=$MOST_LEASE_MS
  shorter_lease
  [ "$max_lease" -le "$longest" ] || refuse lease "$max_lease" "the longest there is $longest ms"
}

start_crew() {
  settle P
  heard
  watch < /dev/null 2> /dev/null 3>&- &
  W=$!
  without_watch < /dev/null 2> /dev/null 3>&- &
  while [ ! -e "$folder/w.up" ]; do sleep 0.1; done
  trap 'let_go signal; see_through; exit' HUP INT TERM
  say READY "pid=$$" "watch=$W" mlock=no
}

# The process that calls it gets a name, and is the last that the OOM killer takes. Best effort.
settle() {
  [ ! -w /proc/self/comm ] || { printf %s "stillpoint-$1" > /proc/self/comm; echo -1000 > /proc/self/oom_score_adj; } 2> /dev/null
}

heard() { now && printf '%s\n' "$now" > "$folder/heard"; }

# W
watch() {
  trap '' HUP INT TERM
  trap - EXIT
  settle W
  exec 7> "$folder/w"
  : > "$folder/w.up"
  while [ -d "$folder" ]; do
    now
    last= ends=
    read -r last 2> /dev/null < "$folder/heard"
    read -r ends 2> /dev/null < "$folder/lease"
    if ! kill -0 "$P" 2> /dev/null; then
      rmdir "$folder/ending" 2> /dev/null  # if it was P's, nobody sees it through any more
      let_go channel-gone
    elif [ -n "$ends" ] && [ "$now" -ge "$ends" ]; then let_go lease
    elif [ -z "$ends" ] && [ -n "$last" ] && [ $((now - last)) -gt $IDLE_MS ]; then let_go idle; fi
    [ ! -d "$folder" ] || sleep 0.2
  done
}

# V
without_watch() {
  trap '' HUP INT TERM
  trap - EXIT
  settle V
  cat "$folder/w" > /dev/null
  let_go watch-gone
  # It was ended before: if by W, nobody sees that through any more. A thaw too many does no harm.
  [ ! -d "$folder" ] || sleep 3
  rmdir "$folder/ending" 2> /dev/null && let_go watch-gone
}

# ---- what is counted

# Sets `watch`, to the disks whose writes are counted while all stand still.
agree_watch() {
  watch= rest=$(option watch "$@"),
  while [ -n "$rest" ]; do
    name=${rest%%,*}
    rest=${rest#*,}
    # What is no name of sysfs cannot be read, and is told so.
    case $name in '') ;; [!A-Za-z0-9]* | *[!A-Za-z0-9_!.+-]*) watch="$watch -" ;; *) watch="$watch $name" ;; esac
  done
}

# Sets `counted`, to a word a disk: NAME=SECTORS=FLYING, the sectors that were written and discarded so far, and the
# writes under way. A flush writes nothing, and is not counted. Nothing is executed, and sysfs lies in no file system.
count_writes() {
  counted=
  for disk in $watch; do
    sectors=unread flying=unread stat= inflight=
    read -r stat 2> /dev/null < "$ROOT/sys/class/block/$disk/stat"
    read -r inflight 2> /dev/null < "$ROOT/sys/class/block/$disk/inflight"
    case $stat$inflight in
      *[!0-9\ ]*) ;;
      *)
        set -- $stat
        [ $# -lt 11 ] || { [ $# -ge 14 ] || set -- "$@" 0 0 0; sectors=$(($7 + ${14})); }
        set -- $inflight
        [ $# -lt 2 ] || flying=$2
        ;;
    esac
    counted="$counted $disk=$sectors=$flying"
  done
}

# When all is frozen. What is under way then is counted when it ends, as written meanwhile.
begin_counting() {
  count_writes
  printf '%s\n' "$counted" > "$folder/counted"
}

# Before anything is thawed. Sets `written`: NAME:SECTORS, NAME:flying or NAME:unread of every disk that may have been written.
end_counting() {
  written= before=
  count_writes
  read -r before 2> /dev/null < "$folder/counted"
  set -- $before
  for one in $counted; do
    disk=${one%%=*} flying=${one##*=} sectors=${one#*=} was=${1#*=}
    sectors=${sectors%=*} was=${was%=*}
    [ $# = 0 ] || shift
    case ${was:-unread}$sectors$flying in *[!0-9]*) sectors=unread was=unread flying=unread ;; esac
    case $sectors/$flying in
      unread/*) written=$written,$disk:unread ;;
      "$was/0") ;;
      "$was"/*) written=$written,$disk:flying ;;
      *) written=$written,$disk:$((sectors - was)) ;;
    esac
  done
  written=${written#,}
  written=${written:--}
}

# ---- letting go

# Only the first cause ends the hold, and whoever brings it sees it through; the others do not wait for that.
let_go() {
  mkdir "$folder/ending" 2> /dev/null || return 0
  k=0 waiting= report=
  while read -r _ _ wire; do
    unescape "$wire"
    thaw_when_decided $k "$plain" < /dev/null &
    waiting="$waiting $!"
    k=$((k + 1))
  done < "$folder/mounts"
  for pid in $waiting; do wait "$pid"; done
  while [ $k -gt 0 ]; do
    k=$((k - 1))
    read -r report < "$folder/$k.report"
    say THAW $k "$report"
  done
  now
  say THAWED "by=$1" "${now}000000" "written=${written:-unread}"
  finish
  kill -TERM "$P" 2> /dev/null
}

# Waits for whoever lets go.
see_through() { while [ -d "$folder" ]; do sleep 0.1; done; }

finish() {
  [ -d "$folder" ] || return 0
  mv "$folder" "$folder.over" 2> /dev/null || return 0
  rm -rf "$folder.over"
  tidy
}

# ---- P

freeze() {
  now
  if [ -z "$ponged" ] || [ $((now - ponged)) -gt $FRESH_MS ]; then
    say REFUSED stale
  elif ! number lease "$@" || [ "$number" -gt "$max_lease" ] || ! reaches $((now + number + 1000)); then
    say REFUSED lease
  # A lease that the watch cannot read would never end.
  elif ! printf '%s\n' $((now + number)) > "$folder/lease"; then
    say REFUSED full
  else
    state=freezing
    (cat "$folder/f" > /dev/null && : > "$folder/f.gone") < /dev/null 2> /dev/null 3>&- &
    freezer < /dev/null 2> /dev/null 3>&- &
  fi
}

# A shell that meets an error of its own ends at once: what it holds must not stay held.
leave() {
  if [ -d "$folder/ending" ]; then :; elif [ -e "$folder/w.up" ]; then let_go channel-gone; else finish; fi
}

obey() {
  word=${1-}
  [ $# = 0 ] || shift
  case $state.$word in
    new.open) get_ready "$@"; state=ready ;;
    ready.ping | freezing.ping | held.ping | ending.ping)
      [ ! -e "$folder/held" ] || state=held
      [ ! -d "$folder/ending" ] || state=ending
      now
      say PONG "${1:--}" "${now}000000" $state
      ponged=$now
      ;;
    ready.thaw | freezing.thaw | held.thaw | ending.thaw) released_by "$@"; end_counting; let_go word; see_through; exit ;;
    ready.freeze) freeze "$@" ;;
    *)
      special "$word" && return
      [ -n "$folder" ] || refuse unknown-word "$word" -
      let_go unknown-word
      see_through
      exit
      ;;
  esac
}

state=new
ponged=
echo  # ends whatever the login has said without a newline
while read -r mark rest; do
  if [ -z "$nonce" ]; then
    case $mark in *[!0-9a-zA-Z]* | ? | ?? | ??? | ???? | ????? | ?????? | ???????) exit ;; esac
    nonce=$mark
  fi
  [ "$mark" = "$nonce" ] || break
  [ -z "$folder" ] || heard
  # Words hold no space and no star: escapeWord sees to that.
  set -f
  set -- $rest
  set +f
  obey "$@"
done
[ -z "$folder" ] || { let_go line; see_through; }
