/** Virtual time that stands still until its owner advances it: a test, or a host that steps one device. */
import { EmuError } from '@emu/vaddr';
import type { Clock, Timer, TimerOwner } from './clock.ts';

class ManualTimer implements Timer {
  deadline: number | undefined;
  readonly owner: TimerOwner;
  readonly event: string;

  constructor(owner: TimerOwner, event: string) {
    this.owner = owner;
    this.event = event;
  }

  arm(atNs: number): void {
    if (!Number.isSafeInteger(atNs)) throw new EmuError(`timer ${this.event}: deadline ${atNs} is not an integer number of ns`);
    this.deadline = atNs;
  }

  cancel(): void {
    this.deadline = undefined;
  }
}

export class ManualClock implements Clock {
  #now: number;
  readonly #timers: ManualTimer[] = [];

  constructor(startNs = 0) {
    this.#now = startNs;
  }

  now(): number {
    return this.#now;
  }

  timer(owner: TimerOwner, event: string): Timer {
    const timer = new ManualTimer(owner, event);
    this.#timers.push(timer);
    return timer;
  }

  /** The nearest deadline in ns, if any timer is armed. */
  next(): number | undefined {
    return this.due(Infinity)?.deadline;
  }

  /** Lets `ns` pass; timers fire in order, each at its own deadline. */
  advance(ns: number): void {
    const end = this.#now + ns;
    for (let timer = this.due(end); timer !== undefined; timer = this.due(end)) {
      this.#now = Math.max(this.#now, timer.deadline!);
      timer.cancel();
      timer.owner.onTimer(timer.event);
    }
    this.#now = end;
  }

  /** Lets `ns` pass with the CPU busy: timers fire only at the end, late, as in a machine that runs in time slices. */
  advanceLate(ns: number): void {
    this.#now += ns;
    this.advance(0);
  }

  private due(end: number): ManualTimer | undefined {
    let first: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.deadline === undefined || timer.deadline > end) continue;
      if (first === undefined || timer.deadline < first.deadline!) first = timer;
    }
    return first;
  }
}
