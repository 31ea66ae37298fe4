/**
 * A running PC: time slices, timers, sleeping in HLT, reset and power-off. Everything happens between slices on the host's event
 * loop, so nothing here needs threads or shared memory.
 */
import type { CompletionQueue } from '@emu/devices';
import type { Jit, JitStats } from '@emu/jit';
import type { Engine } from '@emu/tcg';
import type { Arena, HostPtr } from '@emu/vaddr';
import type { X86Cpu } from '@emu/x86';
import { IcountClock, RealtimeClock, type MachineClock } from './clock.ts';
import type { Outlets } from './console.ts';
import { MachineError } from './errors.ts';
import type { MachineHost } from './host.ts';
import type { MachineOptions } from './options/types.ts';
import type { PcMemory } from './memory.ts';
import { Pause } from './pause.ts';
import type { Board } from './pc.ts';
import { registersText } from './registers.ts';
import type { SliceGuest } from './slice-guest.ts';
import { SliceLength } from './slice-length.ts';
import { hashState } from './state-hash.ts';

/** Why a machine ended. */
export type MachineEnd =
  | { readonly reason: 'power-off' }
  /** A guest reset with `-no-reboot`. */
  | { readonly reason: 'reset' }
  /** isa-debug-exit: the process status that the guest chose. */
  | { readonly reason: 'debug-exit'; readonly status: number }
  /** `quit()` was called. */
  | { readonly reason: 'quit' };

export interface MachineStats {
  readonly instructions: number;
  /** Host ms spent in guest code, and asleep because the guest was. */
  readonly runMs: number;
  readonly idleMs: number;
  /** Virtual ns since power-on. */
  readonly virtualNs: number;
  readonly slices: number;
  readonly resets: number;
}

export interface MachineParts {
  readonly options: MachineOptions;
  readonly host: MachineHost;
  readonly clock: RealtimeClock | IcountClock;
  readonly engine: Engine;
  /** The region compiler; absent where the interpreter works alone. */
  readonly jit?: Jit | undefined;
  readonly slices: SliceGuest;
  readonly cpu: X86Cpu;
  readonly board: Board;
  readonly arena: Arena;
  readonly memory: PcMemory;
  readonly completions: CompletionQueue;
  readonly outlets: Outlets;
  /** Puts memory and processor into the state at the kernel's entry. */
  readonly boot: () => void;
  readonly close: () => Promise<void>;
}

/** Host ms after which a slice that is slow because it translates is cut short. */
const SLICE_MS = 2;
/** Host ms between two visits to the event loop while the guest is busy. */
const YIELD_MS = 8;
/** Virtual ns that a guest gets from one timer to the next while virtual time catches up with the host's. */
const CATCH_UP_NS = 250_000;
/** Longest slice under icount, so that the host stays responsive. */
const ICOUNT_SLICE = 1 << 20;
/** Longest uninterrupted sleep of a guest without timers. */
const LONGEST_SLEEP_MS = 60_000;

export class Machine {
  readonly options: MachineOptions;
  readonly #p: MachineParts;
  readonly #pause = new Pause();
  readonly #slice: SliceLength;
  readonly #icount: IcountClock | undefined;
  #state: 'off' | 'running' | 'paused' | 'ended' = 'off';
  #end: MachineEnd | undefined;
  #resetRequested = false;
  #loop: Promise<void> | undefined;
  #resolveEnd!: (end: MachineEnd) => void;
  #rejectEnd!: (error: unknown) => void;
  readonly #ended: Promise<MachineEnd>;
  #lastYieldMs = 0;
  /** When the running slice should be over: virtual ns of the deadline it was made for, and host ms. */
  #sliceEndNs = 0;
  #sliceEndMs = 0;
  #catchingUp = false;
  #runMs = 0;
  #idleMs = 0;
  #slices = 0;
  #resets = 0;

  /** Use `createMachine`. */
  constructor(parts: MachineParts) {
    this.#p = parts;
    this.options = parts.options;
    this.#slice = new SliceLength();
    const { clock, slices, host } = parts;
    clock.onNearer = () => { if (clock.next < this.#sliceEndNs) this.#endSlice(); };
    if (clock instanceof RealtimeClock) {
      clock.onDue = () => { if (this.#sliceEndNs > 0 && !this.#catchingUp) this.#endSlice(); };
      slices.overdue = () => {
        if (host.nowMs() < this.#sliceEndMs) return false;
        parts.engine.requestExit();
        return true;
      };
    }
    this.#icount = parts.clock instanceof IcountClock ? parts.clock : undefined;
    this.#ended = new Promise((resolve, reject) => {
      this.#resolveEnd = resolve;
      this.#rejectEnd = reject;
    });
    this.#ended.catch(() => {}); // whoever waits for the end hears of it
  }

  get state(): 'off' | 'running' | 'paused' | 'ended' {
    return this.#state;
  }

  /** The parts, for monitors and tests. */
  get cpu(): X86Cpu {
    return this.#p.cpu;
  }

  get board(): Board {
    return this.#p.board;
  }

  get engine(): Engine {
    return this.#p.engine;
  }

  /** What the region compiler did; undefined without one. */
  get jit(): JitStats | undefined {
    return this.#p.jit?.stats;
  }

  get arena(): Arena {
    return this.#p.arena;
  }

  /** Where guest RAM lies in the arena: from address 0 on, the part above 4 GiB behind the part below. */
  get ram(): { readonly host: HostPtr; readonly bytes: number } {
    return this.#p.memory.pieces[0]!;
  }

  get clock(): MachineClock {
    return this.#p.clock;
  }

  get stats(): MachineStats {
    return {
      instructions: this.#p.engine.instructions, runMs: this.#runMs, idleMs: this.#idleMs, virtualNs: this.#p.clock.now(), slices: this.#slices,
      resets: this.#resets,
    };
  }

  /** Resolves with the reason once the machine has ended. Rejects when the emulator itself failed. */
  get ended(): Promise<MachineEnd> {
    return this.#ended;
  }

  /** Powers on (or goes on after `pause`), and resolves when the machine has ended. */
  run(): Promise<MachineEnd> {
    this.start();
    return this.#ended;
  }

  /** A digest of all guest-visible state: equal after equal runs of an `-icount` machine. Pause it first. */
  stateHash(): Promise<string> {
    const { cpu, board, memory, arena } = this.#p;
    return hashState(arena, memory.pieces, cpu, board.devices);
  }

  /** Powers on or goes on, and returns at once. @throws MachineError when it has ended. */
  start(): void {
    if (this.#state === 'ended') throw new MachineError('The machine has ended; create a new one');
    if (this.#state === 'running') return;
    if (this.#state === 'off') this.#boot();
    this.#state = 'running';
    if (this.#p.clock instanceof RealtimeClock) this.#p.clock.start();
    this.#loop ??= Promise.resolve().then(() => this.#runLoop()).catch((error: unknown) => this.#fail(error));
  }

  /** Stops virtual time; resolves once no guest code runs. */
  async pause(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#endSlice();
    await this.#loop;
  }

  /** Presses the reset button. */
  reset(): void {
    this.#resetRequested = true;
    this.#endSlice();
  }

  /** Presses the power button: the guest hears of it through ACPI and may turn itself off. */
  powerDown(): void {
    this.#p.board.pm.pressPowerButton();
    this.#attention();
  }

  /** Ends the machine as it is. Resolves when everything is written and closed. */
  async quit(): Promise<void> {
    this.endWith({ reason: 'quit' });
    if (this.#state === 'off' || this.#state === 'paused') await this.#finish();
    await this.#ended;
  }

  /** @internal Asks for the end at the next slice boundary; the first reason counts. */
  endWith(end: MachineEnd): void {
    this.#end ??= end;
    this.#endSlice();
  }

  /** @internal The guest asked for a reset, or shut itself down by a triple fault. */
  guestReset(): void {
    if (this.options.onReset === 'shutdown') this.endWith({ reason: 'reset' });
    else this.reset();
  }

  /** @internal */
  guestPowerOff(): void {
    if (this.options.onShutdown === 'pause') void this.pause();
    else this.endWith({ reason: 'power-off' });
  }

  /** @internal A line rose, input arrived, a request is done: the slice ends, the sleeper wakes. */
  attention(): void {
    this.#attention();
  }

  #attention(): void {
    this.#p.engine.requestExit();
    this.#pause.wake();
  }

  #endSlice(): void {
    this.#p.slices.stop();
    this.#attention();
  }

  #boot(): void {
    if (this.options.log.includes('cpu_reset')) this.#p.host.log(`CPU Reset (CPU 0)\n${registersText(this.#p.cpu)}`);
    this.#p.board.reset();
    this.#p.boot();
  }

  async #runLoop(): Promise<void> {
    while (this.#state === 'running' && !this.#end) {
      this.#turn();
      if (this.#end || this.#state !== 'running') break;
      if (this.#p.cpu.s.halted !== 0 && !this.#awake()) await this.#sleep();
      else if (this.#p.host.nowMs() - this.#lastYieldMs > YIELD_MS) await this.#yield();
    }
    this.#p.outlets.flush();
    if (this.#p.clock instanceof RealtimeClock) this.#p.clock.stop();
    this.#loop = undefined;
    if (this.#end) await this.#finish();
  }

  /** Timers, finished requests, one slice of guest code. */
  #turn(): void {
    const { clock, completions, engine, host, outlets, slices } = this.#p;
    clock.runDue();
    completions.deliver(clock.now());
    if (this.#resetRequested) this.#reset();
    const budget = this.#budget();
    const before = host.nowMs();
    this.#sliceEndMs = before + SLICE_MS;
    slices.go();
    const done = engine.run(budget, this.#icount !== undefined);
    this.#sliceEndNs = 0;
    const ms = host.nowMs() - before;
    this.#slice.ran(done, ms);
    this.#runMs += ms;
    this.#slices++;
    outlets.flush();
  }

  /** Instructions until the next deadline, or as many as a slice may have. */
  #budget(): number {
    const { clock, completions } = this.#p;
    const next = Math.min(clock.next, completions.nextDeadlineNs);
    const untilNs = next === Infinity ? Infinity : next - clock.now();
    this.#sliceEndNs = next;
    if (this.#icount) return next === Infinity ? ICOUNT_SLICE : Math.min(ICOUNT_SLICE, this.#icount.until(next));
    this.#catchingUp = untilNs <= 0;
    return this.#slice.budget(this.#catchingUp ? CATCH_UP_NS : untilNs);
  }

  #reset(): void {
    this.#resetRequested = false;
    this.#resets++;
    this.#boot();
  }

  /** Something is there for the processor, though it sleeps. */
  #awake(): boolean {
    const { clock, completions } = this.#p;
    const now = clock.now();
    return this.#resetRequested || clock.next <= now || completions.ready(now) || this.#interruptible();
  }

  #interruptible(): boolean {
    const IF = 0x200;
    return this.#p.board.lapic.intr.level && (this.#p.cpu.s.eflags & IF) !== 0;
  }

  /** The guest waits for an interrupt. */
  async #sleep(): Promise<void> {
    const { clock, completions, host } = this.#p;
    const next = Math.min(clock.next, completions.nextDeadlineNs);
    const began = host.nowMs();
    if (this.#icount) await this.#sleepCounted(this.#icount, next);
    else await this.#pause.sleep(next === Infinity ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, (next - clock.now()) / 1e6));
    this.#lastYieldMs = host.nowMs();
    this.#idleMs += this.#lastYieldMs - began;
  }

  /** Virtual time jumps to the next deadline; with `sleep=on` as much real time passes before. */
  async #sleepCounted(clock: IcountClock, next: number): Promise<void> {
    if (next === Infinity) return this.#pause.sleep(LONGEST_SLEEP_MS);
    if (this.options.icount!.sleep) await this.#pause.sleep((next - clock.now()) / 1e6);
    else await this.#pause.yield();
    await this.#p.completions.settled(next);
    clock.skipTo(next);
  }

  async #yield(): Promise<void> {
    const { host, completions, clock } = this.#p;
    await this.#pause.yield();
    if (this.#icount && completions.nextDeadlineNs <= clock.now()) await completions.settled(clock.now());
    this.#lastYieldMs = host.nowMs();
  }

  async #finish(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    await this.#p.close();
    this.#resolveEnd(this.#end!);
  }

  #fail(error: unknown): void {
    this.#state = 'ended';
    void this.#p.close().catch(() => {}).then(() => this.#rejectEnd(error)); // what fails while closing is most likely the same
  }
}
