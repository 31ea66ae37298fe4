/**
 * Debian's kernels, as they are in the archive, boot to a shell with their root on /dev/vda: 64-bit and 32-bit, with much memory, and with
 * the command-line words that take a part of the hardware away; then on the interpreter alone, and with all code compiled. `poweroff` ends the emulator with status 0.
 */
import { describe, expect, it } from 'vitest';
import { boot, guest, kernelTroubles, type BootOptions } from './guests.ts';

const MIB_IN_KIB = 1024;

/** With these words the kernel uses no local APIC, so no MSI, and warns of it when a driver asks for vectors: on native QEMU 7.2 too. */
const WITHOUT_LOCAL_APIC = ['nolapic', 'acpi=off'];
const NO_MSI = [/WARNING: .* pci_msi_setup_msi_irqs/, /Call Trace:/, /WARNING: .* pci_msi_teardown_msi_irqs/, /Call Trace:/].map((line) => expect.stringMatching(line));

/** Each TB when it is first entered, with room for half of them: with the default room, a boot compiles everything five times. */
const ALL_COMPILED = 'jit,threshold=1,tb-size=32';

interface Booted {
  readonly release: string;
  readonly memTotalKiB: number;
  readonly commandLine: string;
  readonly log: string;
}

async function bootToShell(recipe: string, options: BootOptions = {}): Promise<Booted> {
  await using emulator = boot(guest(recipe), options);
  await emulator.shell();
  const { output: release } = await emulator.run('uname -rm');
  expect((await emulator.run('mount')).output).toContain('/dev/vda on / type ext4 (rw');
  const { output: memory } = await emulator.run('cat /proc/meminfo');
  const { output: commandLine } = await emulator.run('cat /proc/cmdline');
  const { output: log } = await emulator.run('dmesg');
  const acpi = !options.append?.includes('acpi=off'); // nothing else turns a PC off
  expect(await emulator.powerOff(acpi ? undefined : 1)).toMatchObject(acpi ? { status: 0 } : {});
  expect(kernelTroubles(log)).toEqual(WITHOUT_LOCAL_APIC.includes(options.append ?? '') ? NO_MSI : []);
  console.log(`${[recipe, options.memory, options.append, ...options.extra ?? []].filter(Boolean).join(' ')}: shell after ${emulator.shellCpuSeconds.toFixed(1)} s of CPU time`);
  return { release, memTotalKiB: Number(/^MemTotal: +(\d+) kB/m.exec(memory)![1]), commandLine, log };
}

describe('kernels', () => {
  it.each([
    ['cloud', /^6\.\S+-cloud-amd64 x86_64\n/], ['full', /^6\.\S+-amd64 x86_64\n/], ['i386', /^6\.\S+-686-pae i686\n/],
  ])('%s boots to a shell', async (recipe, release) => {
    expect((await bootToShell(recipe)).release).toMatch(release);
  });
});

describe('on one engine', () => {
  it.each([
    ['cloud', 'tci', ''], ['full', 'tci', ''], ['i386', 'tci', ''], ['cloud', ALL_COMPILED, ''], ['i386', ALL_COMPILED, 'nopti'],
  ])('%s boots to a shell with -accel %s %s', async (recipe, accel, append) => {
    await bootToShell(recipe, { append, extra: ['-accel', accel] });
  });
});

describe('memory', () => {
  // What the same guest prints on a native QEMU 7.2; the tables that firmware leaves differ by some pages.
  it.each([['512M', 481_284], ['3G', 3_056_388], ['3584M', 3_506_168]])('-m %s is MemTotal %d kB', async (memory, expected) => {
    const { memTotalKiB } = await bootToShell('cloud', { memory });
    expect(Math.abs(memTotalKiB - expected)).toBeLessThan(MIB_IN_KIB);
  });
});

describe('without', () => {
  it.each(['nopti', 'nokaslr', 'no5lvl', 'maxcpus=1', 'noapic', 'nolapic', 'acpi=off'])('%s', async (word) => {
    const { commandLine } = await bootToShell('cloud', { append: word });
    expect(commandLine.trim().split(' ')).toContain(word);
  });
});
