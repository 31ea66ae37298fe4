/** QEMU 7.2's options that this emulator lacks, so that using one is an error which says so instead of a guess at a typing mistake. */
export const UNSUPPORTED: ReadonlySet<string> = new Set((
  'acpitable add-fd alt-grab async-teardown audio audio-help audiodev bios blockdev boot bt cdrom chroot compat ctrl-grab daemonize device-del dfilter dtb dump-vmstate echr '
  + 'enable-kvm enable-sync-profile fda fdb fsdev full-screen gdb h264 hda hdb hdc hdd incoming iscsi k loadvm mem-path mem-prealloc '
  + 'mon msg mtdblock netdev nic no-fd-bootchk numa nouser-config object old-param only-migratable option-rom overcommit parallel '
  + 'pflash pidfile plugin portrait preconfig prom-env qmp qmp-pretty qtest qtest-log readconfig rotate runas s sandbox sd '
  + 'semihosting semihosting-config set show-cursor singlestep smbios soundhw spice tb-size tpmdev trace usb usbdevice uuid virtfs '
  + 'vnc watchdog watchdog-action win2k-hack writeconfig xen-attach xen-domid xen-domid-restrict net'
).split(' '));

const NO_IDE = 'give a disk with -drive if=virtio,format=raw,file=FILE';
const NO_BIOS = 'there is no BIOS: boot with -kernel FILE';
const NO_NETWORK = 'there is no network device: leave it out';

/** What to do instead, where it is not to leave the option out. */
export const INSTEAD: Readonly<Record<string, string>> = {
  hda: NO_IDE, hdb: NO_IDE, hdc: NO_IDE, hdd: NO_IDE, sd: NO_IDE, blockdev: NO_IDE, cdrom: `there is no CD-ROM: ${NO_IDE}`, fda: `there is no floppy: ${NO_IDE}`,
  bios: NO_BIOS, pflash: NO_BIOS, boot: NO_BIOS, netdev: NO_NETWORK, singlestep: 'use -accel tci,one-insn-per-tb=on', 'tb-size': 'use -accel jit,tb-size=MIB',
  daemonize: 'use the shell: -display none -serial file:FILE ... &', mon: 'use -monitor stdio, or -serial mon:stdio', 'mem-path': 'use -m SIZE',
};
