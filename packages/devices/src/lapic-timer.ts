/**
 * The timer of a local APIC: one-shot, periodic and TSC-deadline. Intel SDM Vol. 3A, section 11.5.4. It counts nanoseconds (a 1 GHz bus clock)
 * or waits for the TSC.
 */
import { Delivery } from './apic-bus.ts';
import { currentCount, nextExpiry, timerDivisor } from './lapic-counter.ts';
import { ApicInterrupts } from './lapic-interrupts.ts';
import { LVT, LvtIndex, TimerMode } from './lapic-registers.ts';

const { TIMER } = LvtIndex;

export abstract class ApicTimer extends ApicInterrupts {
  readonly #expiry = this.timer('expiry');

  protected override init(): void {
    this.#expiry.cancel();
    super.init();
  }

  protected get timerMode(): number {
    return this.state.lvt[TIMER]! & LVT.TIMER_MODE;
  }

  override onTimer(): void {
    const { state } = this;
    if (this.timerMode === TimerMode.TSC_DEADLINE) {
      // The virtual clock may be ahead of the armed time, never behind; a moved TSC re-arms in `tscChanged`.
      state.deadlineLow = 0;
      state.deadlineHigh = 0;
    }
    const lvt = state.lvt[TIMER]!;
    if ((lvt & LVT.MASKED) === 0) this.accept(Delivery.FIXED, lvt & LVT.VECTOR, false);
    this.armTimer();
  }

  /** The TSC was set or changed its rate. */
  tscChanged(): void {
    if (this.timerMode === TimerMode.TSC_DEADLINE) this.armTimer();
  }

  /** An expiry that the machine has not got round to delivering happened before the write that comes now. */
  protected catchUp(now: number): void {
    const { deadline } = this.#expiry;
    if (deadline !== undefined && deadline <= now) this.onTimer();
  }

  /** @param now one reading of the clock for a whole register access: time that passes within it must not skip an expiry. */
  protected armTimer(now = this.clock.now()): void {
    const at = this.nextTimer(now);
    if (at === Infinity) this.#expiry.cancel();
    else this.#expiry.arm(at);
  }

  private nextTimer(now: number): number {
    const { state } = this;
    if ((state.lvt[TIMER]! & LVT.MASKED) !== 0) return Infinity;
    if (this.timerMode !== TimerMode.TSC_DEADLINE) return nextExpiry(state, this.timerMode === TimerMode.PERIODIC, now);
    if ((state.deadlineLow | state.deadlineHigh) === 0) return Infinity;
    return this.options.tsc?.nsOf(state.deadlineLow, state.deadlineHigh) ?? Infinity;
  }

  /** The current count register. */
  protected get timerCount(): number {
    return currentCount(this.state, this.timerMode === TimerMode.PERIODIC, this.clock.now());
  }

  /** IA32_TSC_DEADLINE; in the other modes a write does nothing. */
  protected writeDeadline(low: number, high: number): void {
    if (this.timerMode !== TimerMode.TSC_DEADLINE) return;
    this.catchUp(this.clock.now());
    this.state.deadlineLow = low >>> 0;
    this.state.deadlineHigh = high >>> 0;
    this.armTimer();
  }

  protected writeTimerLvt(value: number): void {
    const { state } = this;
    const before = this.timerMode;
    const now = this.clock.now();
    this.catchUp(now);
    state.lvt[TIMER] = value;
    // Going to or from TSC-deadline mode disarms the timer (SDM 11.5.4.1).
    if (before !== this.timerMode && (before === TimerMode.TSC_DEADLINE || this.timerMode === TimerMode.TSC_DEADLINE)) {
      state.initialCount = 0;
      state.deadlineLow = 0;
      state.deadlineHigh = 0;
    }
    this.armTimer(now);
  }

  protected writeInitialCount(value: number): void {
    if (this.timerMode === TimerMode.TSC_DEADLINE) return;
    const now = this.clock.now();
    this.catchUp(now);
    this.state.initialCount = value;
    this.state.timerStart = now;
    this.armTimer(now);
  }

  /** A new divisor takes effect on the rest of the count. */
  protected writeDivide(value: number): void {
    const { state } = this;
    const now = this.clock.now();
    this.catchUp(now);
    const left = currentCount(state, this.timerMode === TimerMode.PERIODIC, now);
    state.dcr = value & 0xb;
    state.timerStart = Math.max(0, now - (state.initialCount - left) * timerDivisor(state.dcr));
    this.armTimer(now);
  }
}
