/**
 * The base of every device model: named state that can be reset and saved, named timers, output lines.
 *
 * A subclass lists its state, drives its lines in `update()` alone, and calls `this.reset()` as the last line of its constructor.
 */
import { EmuError } from '@emu/vaddr';
import type { Clock, Timer, TimerOwner } from './clock.ts';
import { Line } from './line.ts';
import type { Log } from './log.ts';
import { copyLike, SnapshotError, type Snapshot } from './snapshot.ts';

/** What a device gets from its machine. */
export interface DeviceEnv {
  readonly clock: Clock;
  readonly log: Log;
}

/** The machine wired or configured a device in a way that the hardware has no room for. */
export class DeviceError extends EmuError {}

export abstract class Device<State extends object> implements TimerOwner {
  /** Unique in a machine: the key of the saved state, the prefix of log lines. */
  readonly name: string;
  /** Raised when the layout of `State` changes; `load` refuses anything newer. */
  readonly version: number = 1;
  /** All that the guest can see or cause: plain data, no `null`, integers only (-1 for "none"). */
  state!: State;
  readonly lines: Line[] = [];
  protected readonly clock: Clock;
  protected readonly log: Log;
  readonly #timers = new Map<string, Timer>();

  constructor(name: string, env: DeviceEnv) {
    this.name = name;
    this.clock = env.clock;
    this.log = env.log;
  }

  /** The state after reset. `before` is the old state, for the few things that a reset leaves alone (undefined at power-on). */
  protected abstract initial(before?: State): State;

  /** Drives the lines from the state; the only place that does. Called after every change. */
  protected update(): void {}

  /** A timer that this device armed has come due. */
  onTimer(_event: string): void {}

  /** The reset pin: timers stop, the state is `initial()`, the lines follow. */
  reset(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.state = this.initial(this.state);
    this.update();
  }

  save(): Snapshot {
    const timers: Record<string, number> = {};
    for (const [event, timer] of this.#timers) if (timer.deadline !== undefined) timers[event] = timer.deadline;
    return { version: this.version, state: structuredClone(this.state), timers };
  }

  /** Takes a saved state over, or throws `SnapshotError` and changes nothing. */
  load(snapshot: Snapshot): void {
    const { version } = (snapshot ?? {}) as Snapshot;
    if (!Number.isSafeInteger(version) || version < 1) throw new SnapshotError(`${this.name}: snapshot has no version`);
    if (version > this.version) {
      throw new SnapshotError(`${this.name}: snapshot version ${version} is newer than ${this.version}; use a newer emulator`);
    }
    const state = copyLike(this.shape(), this.upgrade(snapshot.state, version), this.name);
    this.checkLimits(state);
    this.check(state);
    const deadlines = this.checkTimers(snapshot.timers);
    this.state = state;
    for (const [event, timer] of this.#timers) {
      const deadline = deadlines.get(event);
      if (deadline === undefined) timer.cancel();
      else timer.arm(deadline);
    }
    this.loaded();
    this.update();
  }

  /** Template of a saved state; override where lists hold records (`listOf`). */
  protected shape(): State {
    return this.initial();
  }

  /** The largest legal value of numeric fields and of numeric lists' members: what keeps a hostile snapshot out of table lookups. */
  protected limits(): Readonly<Record<string, number>> {
    return {};
  }

  /** Further conditions on a state of the right shape; throws `SnapshotError`. */
  protected check(_state: State): void {}

  /** Brings the state of an older version to the current shape. */
  protected upgrade(state: unknown, _version: number): unknown {
    return state;
  }

  /** After `load`, before `update`: rebuild what is derived from the state and not part of it. */
  protected loaded(): void {}

  /** Creates an output line. */
  protected line(name: string): Line {
    const line = new Line(`${this.name}.${name}`);
    this.lines.push(line);
    return line;
  }

  /** Creates a named timer whose deadline is saved with the device. */
  protected timer(event: string): Timer {
    const timer = this.clock.timer(this, event);
    this.#timers.set(event, timer);
    return timer;
  }

  protected guestError(message: string): void {
    this.log.guestError(this.name, message);
  }

  protected unimp(message: string): void {
    this.log.unimp(this.name, message);
  }

  private checkLimits(state: State): void {
    for (const [key, max] of Object.entries(this.limits())) {
      const value = (state as Record<string, unknown>)[key];
      for (const n of Array.isArray(value) ? value : [value]) {
        if (typeof n !== 'number' || n < 0 || n > max) throw new SnapshotError(`${this.name}: ${key} is ${n}, outside 0..${max}`);
      }
    }
  }

  private checkTimers(timers: unknown): Map<string, number> {
    const deadlines = new Map<string, number>();
    for (const [event, deadline] of Object.entries((timers ?? {}) as Record<string, unknown>)) {
      if (!this.#timers.has(event)) throw new SnapshotError(`${this.name}: snapshot has an unknown timer ${JSON.stringify(event)}`);
      if (!Number.isSafeInteger(deadline) || (deadline as number) < 0) {
        throw new SnapshotError(`${this.name}: timer ${event} has the deadline ${String(deadline)}; it should be ns since power-on`);
      }
      deadlines.set(event, deadline as number);
    }
    return deadlines;
  }
}
