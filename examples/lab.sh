#!/bin/sh
# The world of lab.yaml on one Linux machine, as root: two guests (network namespaces, each with an sshd and a disk), two
# arrays (a btrfs and an xfs file system, each in a file), and the demo's small vCenter on 127.0.0.1:8989.
#   lab.sh up      makes it below /srv/stillpoint-lab, and says what to type
#   lab.sh down    takes all of it away
# On Debian: apt-get install openssh-server btrfs-progs xfsprogs e2fsprogs iproute2. Nothing is reached from outside.
set -eu
umask 077
LAB=/srv/stillpoint-lab
here=$(dirname "$(readlink -f "$0")")
export PATH="$PATH:/usr/sbin:/sbin"

up() {
  [ "$(id -u)" = 0 ] || fail 'run it as root: it mounts file systems and makes network namespaces'
  [ ! -e "$LAB" ] || fail "$LAB is there already: $0 down"
  for program in sshd ssh-keygen mkfs.btrfs mkfs.xfs mkfs.ext4 losetup ip unshare node; do
    command -v "$program" > /dev/null || fail "there is no $program here; see the head of $0"
  done
  [ ! -e "$here/../.ci/ready.mjs" ] || node "$here/../.ci/ready.mjs"
  trap 'echo "it did not come up; what there is of it is taken away" >&2; down' EXIT
  mkdir -m 700 "$LAB" "$LAB/keys" "$LAB/root"
  cp "$here/lab.yaml" "$LAB/stillpoint.yaml"
  for key in host id_ed25519; do ssh-keygen -q -t ed25519 -N '' -C stillpoint-lab -f "$LAB/keys/$key"; done
  head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$LAB/keys/vcenter"

  array alpha btrfs
  array beta xfs -m reflink=1
  truncate -s 64M "$LAB/beta/boot.img"
  for number in 0 1; do
    btrfs -q subvolume create "$LAB/alpha/data$number"
    truncate -s 64M "$LAB/alpha/data$number/lun.img"
    mkfs.ext4 -q "$LAB/alpha/data$number/lun.img"
    guest "$number" "10.77.0.$((number + 2))"
  done
  setsid node "$here/lab-vcenter.mjs" "$LAB/keys" > "$LAB/vcenter.log" 2>&1 &
  echo $! > "$LAB/vcenter.pid"
  waiting 'the vCenter' test -s "$LAB/keys/vcenter.pem"
  trap - EXIT
  cat << EOF
The lab is up. In it:
  cd $LAB
  stillpoint check
  stillpoint snapshot pair
  stillpoint show latest
  stillpoint verify latest
Away with it: $0 down
EOF
}

# array NAME TYPE [MKFS OPTION...]
array() {
  name=$1 type=$2
  shift 2
  truncate -s 1G "$LAB/$name.img"
  "mkfs.$type" -q "$@" "$LAB/$name.img" > /dev/null 2>&1 || fail "mkfs.$type did not make $LAB/$name.img"
  mkdir "$LAB/$name"
  mount -o loop "$LAB/$name.img" "$LAB/$name"
}

# guest NUMBER ADDRESS: a machine of its own as far as its disk, its /run and its network go
guest() {
  net=sp-lab-$1
  losetup -f --show "$LAB/alpha/data$1/lun.img" > "$LAB/guest$1.loop"
  ip netns add "$net"
  ip link add "splab$1" type veth peer name eth0 netns "$net"
  ip addr add 10.77.0.1 peer "$2/32" dev "splab$1"
  ip -n "$net" addr add "$2" peer 10.77.0.1/32 dev eth0
  ip link set "splab$1" up
  ip -n "$net" link set eth0 up
  setsid ip netns exec "$net" unshare -m -u -p -f --kill-child=KILL --propagation private \
    sh -e -c "$INSIDE" sh "guest$1" "$(cat "$LAB/guest$1.loop")" "$LAB" "$2" > "$LAB/guest$1.log" 2>&1 &
  echo $! > "$LAB/guest$1.pid"
  echo "$2 $(cut -d ' ' -f 1,2 "$LAB/keys/host.pub")" >> "$LAB/keys/known_hosts"
  waiting "guest$1" ssh-keyscan -T 1 "$2"
}

# What a guest does first: a root of its own in memory, so that no file system of this machine is in its sight, its disk, and
# its sshd. /usr is an overlay: that cannot be frozen, whatever somebody tries here.
INSIDE='
umask 022
mount -t tmpfs -o mode=755 tmpfs "$3/root"
cd "$3/root"
mkdir -p usr empty etc root tmp run/sshd run/keys dev proc sys srv/data var/lib old
for name in bin sbin lib lib64; do [ ! -L "/$name" ] || ln -s "usr/$name" "$name"; done
mount -t overlay -o "ro,lowerdir=$3/root/empty:/usr" overlay usr
cp -a /etc/. etc/
cp "$3/keys/host" run/keys/host
cp "$3/keys/id_ed25519.pub" run/keys/authorized
mount -t proc proc proc
mount -t sysfs sysfs sys
[ ! -d sys/devices/virtual/dmi ] || mount -t tmpfs tmpfs sys/devices/virtual/dmi
mount -t devtmpfs devtmpfs dev
mount "$2" srv/data
pivot_root . old
cd /
umount -l /old
hostname "$1"
exec /usr/sbin/sshd -D -e -f /dev/null -h /run/keys/host -o ListenAddress="$4" -o UsePAM=no -o PidFile=none \
  -o AuthorizedKeysFile=/run/keys/authorized -o PermitRootLogin=prohibit-password -o StrictModes=no
'

down() {
  set +e
  for pid in "$LAB"/*.pid; do [ ! -e "$pid" ] || kill -9 "$(cat "$pid")" 2> /dev/null; done
  for number in 0 1; do
    [ ! -e "/run/netns/sp-lab-$number" ] || ip netns del "sp-lab-$number"
    [ ! -e "$LAB/guest$number.loop" ] || losetup -d "$(cat "$LAB/guest$number.loop")"
  done
  for array in alpha beta; do
    # A guest that was just ended may have it for a moment longer.
    for try in 1 2 3 4 5 6 7 8 9 10; do
      mountpoint -q "$LAB/$array" || break
      umount "$LAB/$array" 2> /dev/null || sleep 0.5
    done
    mountpoint -q "$LAB/$array" && fail "$LAB/$array is still in use; try again"
  done
  rm -rf "$LAB"
}

# waiting WHAT COMMAND...: until it succeeds
waiting() {
  what=$1
  shift
  for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    "$@" > /dev/null 2>&1 && return
    sleep 0.5
  done
  fail "$what does not come up; its log is below $LAB"
}

fail() {
  echo "$*" >&2
  exit 1
}

case ${1-} in
  up | down) "$1" ;;
  *) fail "$0 up | down" ;;
esac
