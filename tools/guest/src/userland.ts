/**
 * The guest's own files: BusyBox init, a shell on whatever console the kernel command line names, and the guest's half of the
 * run protocol (see run-protocol.ts). The same files serve the BusyBox userland and the full Debian one.
 */
export interface UserlandFile {
  path: string;
  text: string;
  mode: number;
}

const file = (path: string, text: string): UserlandFile => ({ path, text: text.trimStart(), mode: 0o644 });
const script = (path: string, text: string): UserlandFile => ({ path, text: text.trimStart(), mode: 0o755 });

/** BusyBox's init reads this. */
const INITTAB = `
::sysinit:/etc/init.d/rcS
::respawn:/sbin/emu-console
::ctrlaltdel:/bin/busybox reboot
::shutdown:/bin/busybox umount -a -r
`;

const RC_S = `
#!/bin/sh
# Mounts what a userland expects. The initramfs may have mounted some of it.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin
on() { mountpoint -q "$3" 2>/dev/null || mount -t "$1" -o "$4" "$2" "$3"; }
mountpoint() { while read -r _ at _; do [ "$at" = "$2" ] && return 0; done </proc/mounts; return 1; }
[ -e /proc/mounts ] || mount -t proc proc /proc
on sysfs sys /sys nosuid
on devtmpfs dev /dev nosuid
mkdir -p /dev/pts /dev/shm
on devpts pts /dev/pts gid=5,mode=620
on tmpfs shm /dev/shm nosuid
on tmpfs run /run nosuid
on tmpfs tmp /tmp nosuid
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
[ -e /dev/stdin ] || { ln -s fd/0 /dev/stdin; ln -s fd/1 /dev/stdout; ln -s fd/2 /dev/stderr; }
read -r line </proc/cmdline
case " $line " in *" ro "*) ;; *) mount -o remount,rw / ;; esac
[ -e /etc/hostname ] && cat /etc/hostname >/proc/sys/kernel/hostname
busybox ifconfig lo 127.0.0.1 up 2>/dev/null
:
`;

/** A login shell with a controlling terminal on the kernel's console; or one command, when the host asks for it. */
const CONSOLE = `
#!/bin/sh
export PATH=/sbin:/usr/sbin:/bin:/usr/bin HOME=/root TERM=xterm USER=root
read -r line </proc/cmdline
tty= size=
for word in $line; do
  case $word in
    emu.run=*) exec /sbin/emu-run "\${word#*=}" ;;
    emu.size=*) size=\${word#*=} ;;
  esac
done
[ -e /sys/class/tty/console/active ] && read -r active </sys/class/tty/console/active
for tty in $active; do :; done
tty=/dev/\${tty:-console}
[ -n "$size" ] && stty rows "\${size%x*}" cols "\${size#*x}" <"$tty"
cd /root
# init made us a session leader without a terminal, so the first one that we open becomes ours
exec sh -l <"$tty" >"$tty" 2>&1
`;

const RUN = `
#!/bin/sh
# emu-run TTY: takes one command from the host on a serial line, runs it, sends back its output, errors and exit status.
tty=/dev/$1
exec 3<>"$tty"
stty raw -echo <&3
printf 'emu-run 1 ready\\n' >&3
IFS=' ' read -r mark bytes <&3
mkdir -p /run/emu
head -c "$bytes" <&3 >/run/emu/command
mkfifo /run/emu/out /run/emu/err
cat /run/emu/out >&3 &
out=$!
while IFS= read -r line || [ -n "$line" ]; do printf '%s2%s\\n' "$mark" "$line"; done </run/emu/err >&3 &
err=$!
cd /root
sh -l /run/emu/command </dev/null >/run/emu/out 2>/run/emu/err 3>&-
status=$?
wait "$out" "$err"
cd /
sync
mount -o remount,ro / 2>/dev/null
printf '%sx%d\\n' "$mark" "$status" >&3
busybox poweroff -f
`;

const PROFILE = `
export PATH=/usr/local/sbin:/usr/local/bin:/sbin:/usr/sbin:/bin:/usr/bin HOME=/root
export PS1='\\w \\$ '
[ -t 1 ] && [ -e /etc/motd ] && cat /etc/motd
:
`;

const MOTD = `

  Linux runs. Its root file system is /dev/vda; "poweroff" turns the machine off.

`;

/** Files every userland gets. */
export const COMMON_FILES: readonly UserlandFile[] = [
  file('etc/inittab', INITTAB), file('etc/profile', PROFILE), file('etc/motd', MOTD), file('etc/hostname', 'emu\n'),
  script('etc/init.d/rcS', RC_S), script('sbin/emu-console', CONSOLE), script('sbin/emu-run', RUN),
];

/** What Debian's base-files would bring, for the BusyBox userland. */
export const BUSYBOX_FILES: readonly UserlandFile[] = [
  file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n'),
  file('etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'),
  file('etc/hosts', '127.0.0.1 localhost emu\n'), file('etc/fstab', '/dev/vda / ext4 defaults 0 1\n'), file('etc/shells', '/bin/sh\n'),
];

/** Directories the BusyBox userland starts with. */
export const BUSYBOX_DIRS = ['bin', 'dev', 'etc', 'home', 'lib', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var'] as const;

/** The initramfs's /init: loads the modules listed in /modules, mounts root= and hands over. */
export const INITRAMFS_INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/lib/modules/$module" || echo "initramfs: $module was not loaded"; done </modules

read -r line </proc/cmdline
root= type=ext4 flags= mode=rw init=/sbin/init
for word in $line; do
  case $word in
    root=*) root=\${word#root=} ;;
    rootfstype=*) type=\${word#*=} ;;
    rootflags=*) flags=,\${word#*=} ;;
    init=*) init=\${word#*=} ;;
    ro|rw) mode=$word ;;
  esac
done

rescue() { echo "initramfs: $1; this is a shell in the initramfs"; exec setsid cttyhack sh; }
[ -n "$root" ] || rescue 'the kernel command line has no root='
case $root in
  UUID=*|LABEL=*) root=$(findfs "$root") ;;
esac
tries=0
while ! [ -b "$root" ]; do
  [ "$tries" -lt 50 ] || rescue "there is no block device $root"
  tries=$((tries + 1))
  usleep 100000
done
mount -t "$type" -o "$mode$flags" "$root" /root 2>/dev/null || mount -t "$type" -o "ro$flags" "$root" /root || rescue "$root does not mount as $type"
[ -x "/root$init" ] || [ -L "/root$init" ] || rescue "$root has no $init"
mount -o move /dev /root/dev
mount -o move /proc /root/proc
mount -o move /sys /root/sys
exec switch_root /root "$init"
`;

/** /init of the benchmark's initramfs: says that userland was reached, and turns the machine off. */
export const BENCH_INIT = `#!/bin/sh
echo 'emu-bench: init reached'
exec /bin/poweroff -f
`;
