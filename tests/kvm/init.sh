#!/bin/busybox sh
# First process of the emulated machine: disks, then the payload's run.sh, then its results to the third disk.
export PATH=/bin
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
# Modules depend on each other: those that could not be loaded are tried again behind the others.
for pass in 1 2 3; do
  for m in /modules/*.ko; do $b insmod $m 2>/dev/null; done
done
i=0
while [ ! -b /dev/vdc ] && [ $i -lt 100 ]; do i=$((i + 1)); $b usleep 50000; done
$b mount -t ext4 -o ro /dev/vda /root || echo "no root disk"
$b mount -t ext4 /dev/vdb /root/payload || echo "no payload"
# One disk more, where the kernel's command line says.
for word in $($b cat /proc/cmdline); do
  case $word in elftap.mount=*) $b mount -t ext4 -o ro /dev/vdd /root${word#*=} || echo "no disk for $word" ;; esac
done
$b mount -t devtmpfs dev /root/dev
$b mount -t proc proc /root/proc
$b mount -t sysfs sys /root/sys
$b mount -t tmpfs tmp /root/tmp
$b mount -t tmpfs results /root/results
$b ip link set lo up 2>/dev/null
$b chroot /root /bin/busybox sh /payload/run.sh
$b tar cf /dev/vdc -C /root/results .
$b sync
$b poweroff -f
