#!/bin/sh
# PID 1 of a lab guest, started in fresh mount, pid and network namespaces: builds a root of its own, so that no file
# system of this machine is in its sight, and becomes its sshd.
#   $1 an empty folder to become /, or the device to mount there as /   $2 the guest's folder: disks, sshd_config, keys
set -e
given=$1
folder=$2
root=$folder/root
if [ -b "$given" ]; then mount "$given" "$root"; else mount -t tmpfs -o mode=755 tmpfs "$root"; fi
cd "$root"
mkdir -p usr etc root tmp run dev proc sys mnt srv home/ops/.ssh root/.ssh var/lib var/log var/empty var/tmp old
chmod 700 root
chmod 1777 tmp var/tmp
ln -sfn ../run var/run
for name in bin sbin lib lib64; do [ ! -L "/$name" ] || ln -sfn "usr/$name" "$name"; done
# An overlay has no freeze: whatever a test does by mistake, the file system of /usr below it stays out of reach.
mount -t overlay -o "ro,lowerdir=$folder/usr:/usr" overlay usr
cp -a /etc/. etc/
rm -f etc/mtab etc/fstab
cp -a "$folder/etc/." etc/
echo 'ops:x:1500:1500::/home/ops:/bin/sh' >> etc/passwd
echo 'ops:*:19000:0:99999:7:::' >> etc/shadow
echo 'ops:x:1500:' >> etc/group
cp "$folder/authorized_keys" root/.ssh/authorized_keys
cp "$folder/authorized_keys" home/ops/.ssh/authorized_keys
chown -R 1500:1500 home/ops
mount -t tmpfs -o mode=755 tmpfs run
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm run/sshd
mount -t devpts -o ptmxmode=666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t proc proc proc
mount -t sysfs sysfs sys
# The hardware is this machine's, and no VM's: a guest here has no DMI to be told apart by.
[ ! -d sys/devices/virtual/dmi ] || mount -t tmpfs tmpfs sys/devices/virtual/dmi
while read -r device type options at; do
  mkdir -p ".$at"
  mount -t "$type" -o "$options" "$device" ".$at"
done < "$folder/disks"
pivot_root . old
cd /
umount -l /old
hostname "$(cat /etc/hostname)"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
/usr/sbin/sshd -D -E /run/sshd.log -f /etc/ssh/lab_sshd_config < /dev/null > /dev/null 2>&1 &
sshd=$!
# wait also takes away the dead whose parents are gone.
while kill -0 "$sshd" 2> /dev/null; do wait "$sshd" || :; done
