/** The counter of a local APIC's timer as functions of time. Intel SDM Vol. 3A, section 11.5.4. It counts nanoseconds divided by DCR. */

/** The divisor that the divide configuration register selects: bits 0, 1 and 3. */
export function timerDivisor(dcr: number): number {
  const code = (dcr & 3) | ((dcr & 8) >>> 1);
  return code === 7 ? 1 : 2 << code;
}

export interface TimerRun {
  /** Initial count; 0 when the timer is off. */
  initialCount: number;
  /** When it was loaded, in virtual ns. */
  timerStart: number;
  dcr: number;
}

/** The current count register. */
export function currentCount(run: TimerRun, periodic: boolean, now: number): number {
  const { initialCount } = run;
  if (initialCount === 0) return 0;
  const passed = Math.floor(Math.max(0, now - run.timerStart) / timerDivisor(run.dcr));
  if (periodic) return initialCount - (passed % initialCount);
  return Math.max(0, initialCount - passed);
}

/** When the count next reaches zero after `now`, in ns, or Infinity. */
export function nextExpiry(run: TimerRun, periodic: boolean, now: number): number {
  if (run.initialCount === 0) return Infinity;
  const period = run.initialCount * timerDivisor(run.dcr);
  if (!periodic) return now < run.timerStart + period ? run.timerStart + period : Infinity;
  return run.timerStart + (Math.floor(Math.max(0, now - run.timerStart) / period) + 1) * period;
}
