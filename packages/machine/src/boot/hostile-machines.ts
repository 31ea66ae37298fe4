/**
 * Boots machines on broken kernel files, one after another, and says how each ended: `hostile.long.test.ts` runs this in a process of its own,
 * where a hang can be ended and memory be measured.
 *
 *     node hostile-machines.ts bzImage|elf|pvh|multiboot|initrd COUNT SEED
 *
 * The last line is JSON: how often each outcome came, the slowest machine in ms, the process's largest resident size in MiB.
 */
import { createMachine } from '../create.ts';
import { EmuError } from '../index.ts';
import { memoryHost } from '../host.ts';
import { parseQemuArgs } from '../options/parse.ts';
import { EXIT_PORT, GuestCode } from '../testing/guest-code.ts';
import { mutate, random } from './mutations.ts';
import { bzImage, elf64 } from './samples.ts';

export interface HostileReport {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly peakMiB: number;
}

const MIB = 1 << 20;
/** How long a guest that does not end by itself may run. */
const RUN_MS = 5;

/** `jmp $` at every even address. */
const CODE = Uint8Array.from({ length: 0x400 }, (_, i) => (i % 2 === 0 ? 0xeb : 0xfe));
const GUEST = new GuestCode().print('up').exit(1).kernel();

const KINDS: Readonly<Record<string, { file: Uint8Array; from: number; to: number }>> = {
  bzImage: { file: bzImage(CODE), from: 0x1f0, to: 0x270 },
  elf: { file: elf64(CODE), from: 0, to: 0xb0 },
  pvh: { file: elf64(CODE, { pvh: 0x100_0000 }), from: 0, to: 0x198 },
  multiboot: { file: GUEST, from: 0, to: 0x24 },
};

async function outcome(kernel: Uint8Array, initrd?: Uint8Array): Promise<string> {
  const files = { kernel, ...(initrd && { initrd }) };
  const argv = ['-m', '32M', '-nographic', '-no-reboot', '-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`, '-kernel', 'kernel', ...(initrd ? ['-initrd', 'initrd'] : [])];
  try {
    const machine = await createMachine(parseQemuArgs(argv).options, memoryHost({ files }));
    const stop = setTimeout(() => void machine.quit(), RUN_MS);
    const end = await machine.run();
    clearTimeout(stop);
    return end.reason;
  } catch (error) {
    if (!(error instanceof EmuError) || !/^[^\n]{20,300}$/.test(error.message)) throw error;
    return 'refused';
  }
}

const [kind = '', count = '', seed = ''] = process.argv.slice(2);
const pick = random(Number(seed));
const outcomes: Record<string, number> = {};
let slowestMs = 0;
for (let i = 0; i < Number(count); i++) {
  const start = performance.now();
  const { file, from, to } = KINDS[kind] ?? KINDS['bzImage']!;
  const result = kind === 'initrd' ? await outcome(file, new Uint8Array(pick(40 * MIB))) : await outcome(mutate(file, from, to, pick));
  outcomes[result] = (outcomes[result] ?? 0) + 1;
  slowestMs = Math.max(slowestMs, performance.now() - start);
}
const report: HostileReport = { outcomes, slowestMs, peakMiB: process.resourceUsage().maxRSS / 1024 };
console.log(JSON.stringify(report));
