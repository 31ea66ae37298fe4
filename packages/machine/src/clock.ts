/**
 * Virtual time and the timers of all devices. Two kinds of time: `realtime` follows the host's clock while the machine runs;
 * `icount` counts guest instructions, 2^shift ns each, so that a run is a function of its inputs (QEMU's `-icount`).
 */
import { EmuError } from '@emu/vaddr';
import type { Clock, Timer, TimerOwner } from '@emu/devices';

class MachineTimer implements Timer {
  deadline: number | undefined;
  /** The `runDue` that fired it last. */
  turn = 0;
  readonly owner: TimerOwner;
  readonly event: string;
  readonly #clock: MachineClock;

  constructor(clock: MachineClock, owner: TimerOwner, event: string) {
    this.#clock = clock;
    this.owner = owner;
    this.event = event;
  }

  arm(atNs: number): void {
    if (Number.isNaN(atNs)) throw new EmuError(`timer ${this.event}: the deadline is no number`);
    this.deadline = atNs === Infinity ? undefined : atNs;
    this.#clock.changed(this);
  }

  cancel(): void {
    if (this.deadline === undefined) return;
    this.deadline = undefined;
    this.#clock.changed(this);
  }
}

/** Timers and their order; how `now` comes about is the subclasses'. */
export abstract class MachineClock implements Clock {
  /** A deadline came closer: the running slice may be too long. */
  onNearer: () => void = () => {};
  readonly #timers: MachineTimer[] = [];
  #next = Infinity;
  /** The deadline whose timer is being served. */
  #serving = Infinity;
  #turn = 0;

  abstract now(): number;

  timer(owner: TimerOwner, event: string): Timer {
    const timer = new MachineTimer(this, owner, event);
    this.#timers.push(timer);
    return timer;
  }

  /** Virtual ns of the nearest deadline, or Infinity. */
  get next(): number {
    return this.#next;
  }

  /** The earliest deadline that is not served yet. */
  protected get unserved(): number {
    return Math.min(this.#serving, this.#next);
  }

  /** @internal A timer was armed or cancelled. */
  changed(timer: MachineTimer): void {
    const { deadline } = timer;
    if (deadline !== undefined && deadline < this.#next) {
      this.#next = deadline;
      this.onNearer();
    } else this.#next = this.#earliest()?.deadline ?? Infinity;
  }

  /**
   * Fires what is due, in order of deadlines, each timer once: a periodic one that is late by several periods fires again in the next
   * turn, after the guest has run for a while, so that the guest sees its ticks one by one.
   */
  runDue(): void {
    const turn = ++this.#turn;
    for (;;) {
      const due = this.#earliest(turn);
      if (!due || due.deadline! > this.now()) return;
      this.#serving = due.deadline!;
      due.deadline = undefined;
      due.turn = turn;
      this.#next = this.#earliest()?.deadline ?? Infinity;
      due.owner.onTimer(due.event);
      this.#serving = Infinity;
    }
  }

  /** A PC has some twenty timers, so a search is as good as a heap. */
  #earliest(exceptTurn = -1): MachineTimer | undefined {
    let first: MachineTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.turn !== exceptTurn && timer.deadline !== undefined && (first === undefined || timer.deadline < first.deadline!)) first = timer;
    }
    return first;
  }

}

/** How far virtual time may stay behind the host's to show a guest its timers one by one. After a longer stop (a suspended host) it jumps. */
const LONGEST_LAG_NS = 200_000_000;

/**
 * Follows the host's clock, and stands still while the machine is stopped. Never shows a time beyond a deadline that was not served yet: when the
 * host takes the processor away for 50 ms, a guest that counts ticks against its TSC sees all of them in their places afterwards, fast.
 */
export class RealtimeClock extends MachineClock {
  /** Time has come to the nearest deadline while the guest runs. */
  onDue: () => void = () => {};
  readonly #hostMs: () => number;
  #baseNs = 0;
  #startMs: number | undefined;
  #last = 0;

  /** @param hostMs a monotonic clock in ms with fractions, such as `performance.now`. */
  constructor(hostMs: () => number) {
    super();
    this.#hostMs = hostMs;
  }

  now(): number {
    if (this.#startMs === undefined) return this.#baseNs;
    const host = this.#hostNs(this.#startMs);
    const { unserved } = this;
    if (host < unserved) return (this.#last = Math.max(this.#last, host));
    this.onDue();
    return (this.#last = Math.max(this.#last, unserved, host - LONGEST_LAG_NS));
  }

  start(): void {
    this.#startMs ??= this.#hostMs();
  }

  stop(): void {
    this.#baseNs = this.now();
    this.#startMs = undefined;
  }

  #hostNs(startMs: number): number {
    return this.#baseNs + Math.floor((this.#hostMs() - startMs) * 1e6);
  }
}

/** Counts guest instructions. */
export class IcountClock extends MachineClock {
  shift: number;
  readonly #instructions: () => number;
  #baseNs = 0;
  #baseInstructions = 0;

  /** @param instructions executed by the guest so far. */
  constructor(shift: number, instructions: () => number) {
    super();
    this.shift = shift;
    this.#instructions = instructions;
  }

  now(): number {
    return this.#baseNs + (this.#instructions() - this.#baseInstructions) * 2 ** this.shift;
  }

  /** Lets time pass without instructions: the guest slept until then. */
  skipTo(ns: number): void {
    const now = this.now();
    this.#baseInstructions = this.#instructions();
    this.#baseNs = Math.max(now, ns);
  }

  setShift(shift: number): void {
    this.skipTo(0);
    this.shift = shift;
  }

  /** Instructions that fit before `ns`, at least one. */
  until(ns: number): number {
    return Math.max(1, Math.ceil((ns - this.now()) / 2 ** this.shift));
  }
}
