/**
 * What a machine does, whatever runs it: the same cases pass in Node and in a browser's worker, and what the deterministic ones
 * report is equal there. A case uses nothing but the package's own API; guests are made by `GuestCode`.
 */
import { createMachine } from '../create.ts';
import { memoryHost } from '../host.ts';
import type { Machine, MachineEnd } from '../machine.ts';
import { parseQemuArgs } from '../options/parse.ts';
import { EXIT_PORT, GuestCode } from './guest-code.ts';

export interface BehaviourCase {
  readonly title: string;
  /** Resolves to a report; where `sameEverywhere`, two hosts must report the same. Rejects with what is wrong. */
  run(): Promise<string>;
  readonly sameEverywhere: boolean;
}

interface Running {
  readonly machine: Machine;
  readonly ended: Promise<MachineEnd>;
  /** What the guest has printed. */
  output(): string;
  type(text: string): void;
  printed(text: string, withinMs?: number): Promise<void>;
}

const PM1_STATUS = 0x600, PM1_CONTROL = 0x604, POWER_BUTTON = 0x100, SLP_EN = 0x2000;
const RTC_INDEX = 0x70, RTC_DATA = 0x71, SPARE_CMOS_BYTE = 0x40;
const RESET_CONTROL = 0xcf9, RESET_NOW = 6;
const FW_CFG_SELECT = 0x510, FW_CFG_DATA = 0x511, FW_CFG_RAM_SIZE = 3;

/** @param accel as `-accel` takes it; `tcg` is what a machine does by itself. */
export function behaviours(accel = 'tcg'): readonly BehaviourCase[] {
  const boot = (guest: GuestCode, ...argv: string[]): Promise<Running> => bootGuest(guest, ['-accel', accel, ...argv]);
  return [
    same('a guest prints on the serial port and ends with the status that it wants', async () => {
      const { ended, output } = await boot(new GuestCode().print('hello\n').exit(21));
      equal(await ended, { reason: 'debug-exit', status: 43 });
      return output();
    }),
    same('the memory that -m gives is what the firmware configuration device tells', async () => {
      const guest = new GuestCode().movEax(FW_CFG_RAM_SIZE).outAx(FW_CFG_SELECT).movEcx(8).label('next').inAl(FW_CFG_DATA).putAl().decEcx().jnz('next').exit(0);
      const { ended, output } = await boot(guest, '-m', '48M');
      await ended;
      const bytes = [...output()].map((c) => c.charCodeAt(0));
      equal(bytes, [0, 0, 0, 3, 0, 0, 0, 0]); // 48 MiB, little endian
      return bytes.join(' ');
    }),
    same('what is typed reaches the guest in order, also more than its FIFO holds', async () => {
      const guest = new GuestCode().print('>').label('next').getAl().cmpAl(0x2e).jz('end').putAl().jmp('next').label('end').exit(0);
      const { ended, output, printed, type } = await boot(guest);
      await printed('>');
      const text = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
      type(`${text}.`);
      await ended;
      equal(output(), `>${text}`);
      return output();
    }),
    same('a guest that resets starts again with its CMOS as it was, and ends with -no-reboot', async () => {
      const guest = (): GuestCode => new GuestCode().print('boot ').outb(RTC_INDEX, SPARE_CMOS_BYTE).inAl(RTC_DATA).bytes(0xfe, 0xc0) // inc al
        .bytes(0x88, 0xc1).outb(RTC_INDEX, SPARE_CMOS_BYTE).bytes(0x88, 0xc8).outAl(RTC_DATA).cmpAl(3).jz('end') // mov cl, al; ...; mov al, cl
        .outb(RESET_CONTROL, RESET_NOW).hlt().label('end').exit(0);
      const again = await boot(guest());
      equal(await again.ended, { reason: 'debug-exit', status: 1 });
      equal(again.output(), 'boot boot boot ');
      equal(again.machine.stats.resets, 2);
      const once = await boot(guest(), '-no-reboot');
      equal(await once.ended, { reason: 'reset' });
      return again.output() + once.output();
    }),
    same('the power button reaches a guest that looks for it, which turns the machine off', async () => {
      const guest = new GuestCode().print('on ').label('wait').inAx(PM1_STATUS).bytes(0xf6, 0xc4, POWER_BUTTON >> 8).jz('wait') // test ah, ...
        .print('off').movEax(SLP_EN).outAx(PM1_CONTROL).cli().hlt();
      const { machine, ended, output, printed } = await boot(guest);
      await printed('on ');
      machine.powerDown();
      equal(await ended, { reason: 'power-off' });
      return output();
    }),
    same('the reset button starts a busy guest again', async () => {
      const { machine, output, printed } = await boot(new GuestCode().print('R').label('loop').jmp('loop'));
      await printed('R');
      machine.reset();
      await printed('RR');
      await machine.quit();
      return output();
    }),
    here('a busy guest leaves the event loop its turns, pauses at once, and goes on where it was', async () => {
      const { machine, printed } = await boot(new GuestCode().print('x').label('loop').jmp('loop'));
      await printed('x');
      const latencies: number[] = [];
      for (let i = 0; i < 20; i++) {
        const began = performance.now();
        await sleep(0);
        latencies.push(performance.now() - began);
      }
      // the middle one: a host with other work to do may hold up one or the other
      const turn = median(latencies);
      ok(turn < 100, `the event loop waited ${turn.toFixed(1)} ms, at worst ${Math.max(...latencies).toFixed(1)} ms`);
      const pauses: number[] = [];
      for (let i = 0; i < 5; i++) {
        const began = performance.now();
        await machine.pause();
        pauses.push(performance.now() - began);
        if (i < 4) machine.start();
      }
      ok(median(pauses) < 100, `pausing took ${median(pauses).toFixed(1)} ms`);
      const { instructions } = machine.stats;
      await sleep(30);
      equal(machine.stats.instructions, instructions);
      machine.start();
      await until(() => machine.stats.instructions > instructions, 2000, 'instructions after going on');
      await machine.quit();
      return `turn ${turn.toFixed(1)} ms, pause ${median(pauses).toFixed(1)} ms`;
    }),
    here('virtual time stands still while the machine is paused', async () => {
      const { machine, printed } = await boot(new GuestCode().print('x').label('loop').jmp('loop'));
      await printed('x');
      await machine.pause();
      const before = machine.stats.virtualNs;
      await sleep(60);
      equal(machine.stats.virtualNs, before);
      await machine.quit();
      return 'stood still';
    }),
    here('a guest that halts with interrupts off costs no time, and can still be turned off', async () => {
      const { machine, ended, printed } = await boot(new GuestCode().print('z').cli().hlt());
      await printed('z');
      await sleep(50);
      const before = machine.stats;
      await sleep(200);
      const ranMs = machine.stats.runMs - before.runMs;
      ok(ranMs < 20, `ran for ${ranMs.toFixed(1)} of 200 ms`);
      await machine.quit();
      equal(await ended, { reason: 'quit' });
      return `ran ${ranMs.toFixed(1)} of 200 ms`;
    }),
    same('two machines run side by side and keep their output apart', async () => {
      const guest = (c: string): GuestCode => new GuestCode().movEcx(2000).label('next').bytes(0x51).movAl(c.charCodeAt(0)).putAl().bytes(0x59).decEcx().jnz('next').exit(0);
      const machines = await Promise.all(['a', 'b'].map((c) => boot(guest(c), '-m', '16M')));
      await Promise.all(machines.map(({ ended }) => ended));
      equal(machines.map(({ output }) => output()), ['a'.repeat(2000), 'b'.repeat(2000)]);
      return 'apart';
    }),
    same('with -icount a run is a function of its inputs: the time stamp counter reads the same each time', async () => {
      const guest = (): GuestCode => new GuestCode().movEcx(5000).label('loop').decEcx().jnz('loop').rdtsc().putAl().bytes(0x88, 0xe0).putAl().exit(0); // mov al, ah
      const runs = await Promise.all([0, 1].map(async () => {
        const { ended, output } = await boot(guest(), '-icount', 'shift=0,sleep=off');
        await ended;
        return [...output()].map((c) => c.charCodeAt(0)).join(' ');
      }));
      equal(runs[0], runs[1]);
      return runs[0]!;
    }),
    same('what cannot work is refused by one line that says why', async () => {
      const lines: string[] = [];
      for (const argv of [['-kernel', 'nothing'], ['-vga', 'std', '-kernel', 'guest'], ['-m', '64M', '-frobnicate'], []]) {
        await createMachineFrom(argv, new Uint8Array(512), []).then(() => lines.push('was accepted'), (error: Error) => lines.push(error.message));
      }
      for (const line of lines) ok(line !== 'was accepted' && !line.includes('\n'), line);
      return lines.join('\n');
    }),
  ];
}

const same = (title: string, run: () => Promise<string>): BehaviourCase => ({ title, run, sameEverywhere: true });
const here = (title: string, run: () => Promise<string>): BehaviourCase => ({ title, run, sameEverywhere: false });

async function bootGuest(guest: GuestCode, argv: readonly string[]): Promise<Running> {
  const out: number[] = [];
  const heard: ((bytes: Uint8Array) => void)[] = [];
  const output = (): string => String.fromCharCode(...out);
  const machine = await createMachineFrom(
    ['-m', '32M', '-nographic', '-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`, ...argv, '-kernel', 'guest'], guest.kernel(), out, (l) => heard.push(l),
  );
  return {
    machine, ended: machine.run(), output,
    type: (text) => { for (const listener of heard) listener(new TextEncoder().encode(text)); },
    printed: (text, withinMs = 10_000) => until(() => output().includes(text), withinMs, `"${text}"`),
  };
}

function createMachineFrom(argv: readonly string[], kernel: Uint8Array, out: number[], onInput: (listener: (bytes: Uint8Array) => void) => void = () => {}): Promise<Machine> {
  const make = async (): Promise<Machine> => createMachine(
    parseQemuArgs(argv).options, memoryHost({ files: { guest: kernel }, stdio: { write: (bytes) => out.push(...bytes), onInput } }),
  );
  return make();
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(5);
  }
}

function ok(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function equal(actual: unknown, expected: unknown): void {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  ok(a === e, `expected ${e}, found ${a}`);
}
