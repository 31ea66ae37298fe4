/** The board as the processor sees it: ports, interrupt acknowledge, time-stamp counter, local APIC, reset, random numbers, log. */
import { LinearTsc, type AccessBytes, type Clock, type TscSource } from '@emu/devices';
import type { X86Bus, X86Cpu } from '@emu/x86';
import type { MachineHost } from './host.ts';
import type { Machine } from './machine.ts';
import type { MachineOptions } from './options/types.ts';
import type { Board } from './pc.ts';
import { randomWords } from './random.ts';
import { registersText } from './registers.ts';

/** The counter that RDTSC shows runs at 1 GHz: one tick a virtual nanosecond. */
const TSC_HZ = 1e9;
const IA32_APIC_BASE = 0x1b;

export class CpuBus implements X86Bus {
  readonly random32: () => number;
  readonly #tsc: LinearTsc;
  readonly #words = new Uint32Array(2);
  readonly #options: MachineOptions;
  readonly #host: MachineHost;
  readonly #clock: Clock;
  #board!: Board;
  #machine!: Machine;
  #interrupts = 0;

  constructor(options: MachineOptions, host: MachineHost, clock: Clock) {
    this.#options = options;
    this.#host = host;
    this.#clock = clock;
    this.#tsc = new LinearTsc(clock, TSC_HZ);
    this.random32 = randomWords(options.seed ?? (options.icount ? 1 : undefined));
  }

  /** The processor exists before what it talks to. */
  connect(board: Board, machine: Machine): void {
    this.#board = board;
    this.#machine = machine;
  }

  ioRead(port: number, bytes: AccessBytes): number {
    return this.#board.io.read(port, bytes);
  }

  ioWrite(port: number, bytes: AccessBytes, value: number): void {
    this.#board.io.write(port, bytes, value);
  }

  acknowledge(): number {
    return this.#board.lapic.acknowledge();
  }

  tsc(): number {
    this.#tsc.read(this.#words);
    return this.#words[0]! | 0;
  }

  tscHi(): number {
    return this.#words[1]! | 0;
  }

  readonly apic = {
    readMsr: (index: number, out: { lo: number; hi: number }): boolean => {
      const { lapic } = this.#board;
      if (!lapic.readMsr(index)) return false;
      out.lo = lapic.msrLow | 0;
      out.hi = lapic.msrHigh | 0;
      return true;
    },
    writeMsr: (index: number, lo: number, hi: number): boolean => this.#board.lapic.writeMsr(index, lo >>> 0, hi >>> 0),
    setBase: (lo: number, hi: number): void => void this.#board.lapic.writeMsr(IA32_APIC_BASE, lo >>> 0, hi >>> 0),
    tpr: (): number => this.#board.lapic.cr8,
    setTpr: (value: number): void => { this.#board.lapic.cr8 = value; },
    tscChanged: (): void => this.#board.lapic.tscChanged(),
  };

  shutdown(): void {
    this.#machine.guestReset();
  }

  ferr(): void {
    this.#board.fpuError();
  }

  logs(kind: 'unimp' | 'guest_error' | 'int' | 'cpu_reset'): boolean {
    return this.#options.log.includes(kind === 'guest_error' ? 'guest_errors' : kind);
  }

  log(kind: 'unimp' | 'guest_error' | 'int' | 'cpu_reset', text: string): void {
    if (!this.logs(kind)) return;
    if (kind === 'int') this.#host.log(`${String(this.#interrupts++).padStart(6)}: ${text}\n${registersText(this.#machine.cpu)}`);
    else this.#host.log(text);
  }

  /** When the counter, with what the guest added to it, reaches a value: for the TSC-deadline timer. */
  tscSource(cpu: X86Cpu): TscSource {
    const guest = new LinearTsc(this.#clock, TSC_HZ);
    return {
      nsOf: (low, high) => {
        guest.offsetLow = cpu.s.tscOffsetLo >>> 0;
        guest.offsetHigh = cpu.s.tscOffsetHi >>> 0;
        return guest.nsOf(low, high);
      },
    };
  }
}
