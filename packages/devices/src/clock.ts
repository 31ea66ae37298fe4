/** Virtual time. Everything that a device knows about time comes from here, so a test or `-icount` decides how fast it runs. */

/** What a timer wakes: the event is a name, never a closure, because armed timers are part of a saved device. */
export interface TimerOwner {
  onTimer(event: string): void;
}

/** One named alarm of one device. */
export interface Timer {
  /** Fires once at or after `atNs` (virtual ns since power-on); replaces an earlier deadline. A past time fires soon, never inside `arm`. */
  arm(atNs: number): void;
  cancel(): void;
  /** The armed deadline in ns, or `undefined`. */
  readonly deadline: number | undefined;
}

export interface Clock {
  /** Virtual nanoseconds since power-on: an integer, never goes back, exact in a float64 for 104 days. */
  now(): number;
  /** Creates the timer `event` of `owner`. When it fires, `now()` may already be past the deadline; the timer is then unarmed. */
  timer(owner: TimerOwner, event: string): Timer;
}

export const NS_PER_SECOND = 1_000_000_000;

/** Whole periods of `hz` (at most 9 MHz, or 1 GHz) that passed in `ns`; exact over the whole range of the clock. */
export function ticksIn(ns: number, hz: number): number {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  return seconds * hz + Math.floor(((ns - seconds * NS_PER_SECOND) * hz) / NS_PER_SECOND);
}

/** The first ns at which `ticksIn(ns, hz)` is `ticks`: the inverse of `ticksIn`, rounded up. */
export function nsOfTicks(ticks: number, hz: number): number {
  const seconds = Math.floor(ticks / hz);
  return seconds * NS_PER_SECOND + Math.ceil(((ticks - seconds * hz) * NS_PER_SECOND) / hz);
}
