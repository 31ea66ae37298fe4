import { describe, expect, it } from 'vitest';
import { helpText } from './help.ts';
import { INSTEAD, UNSUPPORTED } from './known.ts';
import { parseQemuArgs } from './parse.ts';
import { OPTIONS } from './table.ts';
import { LOG_ITEMS } from './types.ts';

const parse = (...argv: string[]) => parseQemuArgs(argv).options;
const MIB = 2 ** 20;

describe('parseQemuArgs', () => {
  it("takes the field's own command line", () => {
    const options = parse('-nographic', '-m', '512M', '-L', 'pack/', '-drive', 'if=virtio,format=raw,file=pack/rootfs.bin', '-kernel', 'pack/bzImage',
      '-append', 'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7');
    expect(options).toMatchObject({
      memory: 512 * MIB, dataDirs: ['pack/'], kernel: 'pack/bzImage', append: 'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7',
      serials: [{ type: 'stdio', mux: true }], monitor: { type: 'none' },
      drives: [{ id: 'virtio0', file: 'pack/rootfs.bin', readonly: false, snapshot: false, cache: 'writeback' }],
      devices: [{ driver: 'virtio-blk-pci', drive: 'virtio0' }],
    });
  });

  it('has the defaults of QEMU', () => {
    expect(parse()).toMatchObject({
      memory: 128 * MIB, cpu: { model: 'qemu64', features: {} }, accel: { kind: 'auto' }, onReset: 'reset', onShutdown: 'poweroff', rtc: { base: 'utc' },
    });
  });

  it.each([
    ['-m 512', 512 * MIB], ['-m 3G', 3072 * MIB], ['-m 3584M', 3584 * MIB], ['-m size=1g', 1024 * MIB], ['-m 0.5G', 512 * MIB], ['-m 1048576k', 1024 * MIB],
  ])('reads %s', (text, bytes) => expect(parse(...text.split(' ')).memory).toBe(bytes));

  it.each([
    ['-cpu max,+avx,-sse4.1,xsave=off', { cpu: { model: 'max', features: { avx: true, 'sse4.1': false, xsave: false } } }],
    ['-icount shift=3', { icount: { shift: 3, sleep: true } }],
    ['-icount 0,sleep=off', { icount: { shift: 0, sleep: false } }],
    ['-icount auto', { icount: { shift: 'auto', sleep: true } }],
    ['-accel jit,threshold=64,tb-size=32', { accel: { kind: 'jit', threshold: 64, tbSizeBytes: 32 * MIB } }],
    ['-accel tci,one-insn-per-tb=on', { accel: { kind: 'tci', oneInsnPerTb: true } }],
    ['-accel tcg', { accel: { kind: 'auto' } }],
    ['-machine pc,acpi=off,accel=tci', { acpi: false, accel: { kind: 'tci' } }],
    ['-no-reboot -no-shutdown -S', { onReset: 'shutdown', onShutdown: 'pause', paused: true }],
    ['-rtc base=2026-01-31T12:00:00,clock=host', { rtc: { base: Date.UTC(2026, 0, 31, 12) } }],
    ['-d in_asm,int -d int,unimp -D log.txt', { log: ['in_asm', 'int', 'unimp'], logFile: 'log.txt' }],
    ['-serial null -serial file:out.txt -serial none', { serials: [{ type: 'null' }, { type: 'file', path: 'out.txt' }, { type: 'none' }] }],
    ['-serial chardev:c -chardev file,id=c,path=x', { serials: [{ type: 'file', path: 'x', append: false }] }],
    ['-nodefaults', { serials: [] }],
    ['-display none -monitor none -vga none -net none -no-user-config -no-hpet -smp 1 -name box', { name: 'box', serials: [{ type: 'stdio', mux: false }] }],
    ['-fw_cfg name=opt/a,string=b', { fwCfg: [{ name: 'opt/a', data: new Uint8Array([98]) }] }],
    ['-device isa-debug-exit', { devices: [{ driver: 'isa-debug-exit', iobase: 0x501, iosize: 2 }] }],
    ['-device isa-debug-exit,iobase=0xf4,iosize=0x04', { devices: [{ driver: 'isa-debug-exit', iobase: 0xf4, iosize: 4 }] }],
    ['-debugcon null', { devices: [{ driver: 'isa-debugcon', iobase: 0xe9, chardev: 'debugcon' }], chardevs: { debugcon: { type: 'null' } } }],
    ['-drive if=none,id=d,file=x,readonly=on,cache=writethrough,discard=unmap -device virtio-blk-pci,drive=d,num-queues=2,addr=0x5',
      { drives: [{ id: 'd', interface: 'none', readonly: true, cache: 'writethrough', discard: true }], devices: [{ drive: 'd', numQueues: 2, slot: 5 }] }],
    ['-global virtio-blk-pci.num-queues=4 -drive if=virtio,file=x -snapshot', { drives: [{ snapshot: true }], devices: [{ numQueues: 4 }] }],
    ['-drive file=a,,b.img,if=virtio', { drives: [{ file: 'a,b.img' }] }],
  ])('understands %s', (text, expected) => expect(parse(...text.split(' '))).toMatchObject(expected));

  it('accepts two dashes, and keeps --stats and help apart from the machine', () => {
    expect(parseQemuArgs(['--nographic', '--stats'])).toMatchObject({ stats: true });
    expect(parseQemuArgs(['--help', 'disks']).help).toBe('disks');
    expect(parseQemuArgs(['-h']).help).toBe('');
    for (const [argv, topic] of [
      ['-device help', 'device'], ['-device virtio-blk,help', 'virtio-blk-pci'], ['-cpu help', 'cpu'], ['-machine help', 'types'], ['-M help', 'types'], ['-accel help', 'accel'], ['-d help', 'log'],
    ] as const) expect(parseQemuArgs(argv.split(' ')).help, argv).toBe(topic);
  });
});

describe('wrong options are one line that names them and says what to do', () => {
  it.each([
    ['-frobnicate', '-frobnicate: there is no such option; --help lists the options'],
    ['-vnc :0', '-vnc: this option of QEMU\'s is not supported; leave it out'],
    ['-hda x', '-hda: this option of QEMU\'s is not supported; give a disk with -drive if=virtio,format=raw,file=FILE'],
    ['-bios x', '-bios: this option of QEMU\'s is not supported; there is no BIOS: boot with -kernel FILE'],
    ['-singlestep', '-singlestep: this option of QEMU\'s is not supported; use -accel tci,one-insn-per-tb=on'],
    ['-enable-kvm', '-enable-kvm: this option of QEMU\'s is not supported'],
    ['disk.img', '"disk.img" is no option; a disk image is given with -drive if=virtio,format=raw,file=disk.img'],
    ['-kernel', '-kernel needs an argument: -kernel FILE'],
    ['-m lots', '-m size: "lots" is no size; write for example 512M or 3G'],
    ['-m 1G,slots=2', '-m: "slots" is not supported here; known are size'],
    ['-smp 4', '-smp cpus=4: more than one CPU is not emulated; use -smp 1'],
    ['-machine q35', '-machine q35: only pc (i440FX) is emulated'],
    ['-accel kvm', '-accel kvm: not available; use tci, jit or tcg'],
    ['-drive file=x', '-drive if=ide: this disk interface is not emulated; use if=virtio'],
    ['-drive if=virtio', '-drive needs file='],
    ['-drive if=virtio,file=x,format=qcow2', '-drive format=qcow2: only raw images are supported; convert it with qemu-img'],
    ['-drive if=virtio,file=x,cache=never', '-drive cache: "never" is not supported; use writeback, none, writethrough, directsync, unsafe'],
    ['-drive if=virtio,file=x,aio=threads', '-drive: "aio" is not supported here; known are '],
    ['-device e1000', '-device e1000: this device is not emulated; use one of virtio-blk-pci,'],
    ['-device virtio-blk-pci', '-device virtio-blk-pci needs drive='],
    ['-device pvpanic,ioport=70000', '-device pvpanic ioport: "70000" is no number from 0 to 65535'],
    ['-global ide-hd.serial=1', '-global ide-hd: this device is not emulated'],
    ['-serial tcp::4444', '-serial tcp::4444: not supported; use stdio, mon:stdio, file:PATH, null, none or chardev:ID'],
    ['-serial chardev:x', '-serial chardev:x: there is no -chardev with id=x'],
    ['-serial stdio -monitor stdio', 'stdio is given to more than one of'],
    ['-serial null -serial null -serial null -serial null -serial null', '-serial: a PC has four serial ports'],
    ['-icount shift=99', '-icount shift: "99" is no number from 0 to 10'],
    ['-rtc base=yesterday', '-rtc base=yesterday: use utc, localtime, or a date'],
    ['-d everything', '-d: "everything" is not supported; use in_asm, op, out_asm, int, cpu_reset, guest_errors, unimp'],
    ['-display gtk', '-display: "gtk" is not supported; use none'],
    ['-cpu max,+a+b', '-cpu: "+a+b" is no feature; write +NAME or -NAME'],
  ])('%s', (text, message) => expect(() => parse(...text.split(' '))).toThrow(message));
});

it('what is to be used instead is said of QEMU\'s options alone', () => expect(Object.keys(INSTEAD).filter((name) => !UNSUPPORTED.has(name))).toEqual([]));

describe('--help', () => {
  it('lists every option with its form', () => {
    const text = helpText('');
    for (const [name, { form }] of Object.entries(OPTIONS)) expect(text).toContain(`  -${name}${form ? ` ${form}` : ''}`);
  });

  it('shows one topic, the devices and the keys', () => {
    expect(helpText('disks')).toMatch(/^disks: disks\n {2}-drive /);
    expect(helpText('device')).toContain('isa-debug-exit');
    expect(helpText('keys')).toContain('Ctrl-A x');
    expect(helpText('types')).toMatch(/^Supported machines are:\n {2}pc /);
    expect(helpText('accel')).toMatch(/tci [^]*jit [^]*tcg +the default of them: jit$/);
    for (const item of LOG_ITEMS) expect(helpText('log')).toMatch(new RegExp(`^  ${item} +\\w`, 'm'));
  });

  it('shows one option or device by its name', () => {
    for (const name of ['drive', '-drive', '--drive']) expect(helpText(name)).toMatch(/^ {2}-drive if=virtio/);
    expect(helpText('stats')).toMatch(/^ {2}--stats /);
    expect(helpText('virtio-blk-pci')).toMatch(/^ {2}virtio-blk-pci +disk: drive=ID/);
    expect(() => helpText('sound')).toThrow('--help sound: no such topic; use machine, boot,');
  });
});
