/**
 * MC146818A real-time clock and CMOS RAM at ports 0x70 and 0x71. Motorola MC146818A data sheet; the divider runs at 32.768 kHz.
 * As on a PC the alarm and calendar bytes are followed by RAM, with the century in 0x32 (and a copy in 0x37), and IRQ 8 is level
 * while a flag is enabled. Not modelled: daylight saving (DSE), square-wave output, other oscillators, the NMI mask in bit 7 of the index.
 */
import { bit } from './bits.ts';
import { nsOfTicks, NS_PER_SECOND, ticksIn } from './clock.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import { civilFromSeconds, fieldsFromRegisters, registersFromFields, secondsFromCivil, secondsToAlarm } from './rtc-time.ts';
import { SnapshotError } from './snapshot.ts';

/** CMOS bytes of the clock. */
export const RtcReg = {
  SECONDS: 0, SECONDS_ALARM: 1, MINUTES: 2, MINUTES_ALARM: 3, HOURS: 4, HOURS_ALARM: 5, DAY_OF_WEEK: 6, DAY: 7, MONTH: 8, YEAR: 9,
  A: 0x0a, B: 0x0b, C: 0x0c, D: 0x0d, CENTURY: 0x32, CENTURY_PS2: 0x37,
} as const;

/** Register A: divider in bits 4..6, rate in bits 0..3. */
const A = { UIP: bit(7), DIVIDER: 0x70, DIVIDER_RESET: 0x60, RATE: 0x0f } as const;
export const RtcB = { H24: bit(1), BINARY: bit(2), UIE: bit(4), AIE: bit(5), PIE: bit(6), SET: bit(7) } as const;
/** Register C; the flags sit where their enables do in B. */
export const RtcC = { UF: bit(4), AF: bit(5), PF: bit(6), IRQF: bit(7) } as const;
const D_VRT = bit(7);

const HZ = 32_768;
const UIP_NS = 244_000;
const NVRAM_BYTES = 128;
/** Register A as a PC's firmware leaves it: 32.768 kHz, 1024 Hz. */
const A_DEFAULT = 0x26;
const TIME_REGISTERS: readonly number[] = [
  RtcReg.SECONDS, RtcReg.MINUTES, RtcReg.HOURS, RtcReg.DAY_OF_WEEK, RtcReg.DAY, RtcReg.MONTH, RtcReg.YEAR, RtcReg.CENTURY, RtcReg.CENTURY_PS2,
];

export interface RtcState {
  index: number;
  nvram: Uint8Array;
  /** The calendar as seconds since 1970 at `baseNs`; both move only when the guest sets the clock. */
  baseSeconds: number;
  baseNs: number;
  /** Added to the day of the week that the date has. */
  weekdayOffset: number;
  /** Up to when the flags in register C are true. */
  flagsNs: number;
}

export interface RtcOptions {
  /** The calendar at power-on, seconds since 1970 as the guest's clock shows them (UTC, or local time with `-rtc base=localtime`). A fraction says when its seconds change. */
  readonly startSeconds: number;
  /** CMOS RAM at power-on by byte number; `pcNvram` makes what a PC's firmware expects. */
  readonly nvram?: Readonly<Record<number, number>>;
}

export class Rtc extends Device<RtcState> {
  readonly irq = this.line('irq');
  /** Ports 0x70 and 0x71. */
  readonly ports: IoRegion = {
    name: 'rtc',
    size: 2,
    access: { max: 1 },
    read: (offset) => (offset === 0 ? 0xff : this.readRegister(this.state.index)),
    write: (offset, _bytes, value) => {
      if (offset === 0) this.state.index = value & (NVRAM_BYTES - 1);
      else this.writeRegister(this.state.index, value);
    },
  };
  readonly #options: RtcOptions;
  readonly #event = this.timer('event');

  constructor(env: DeviceEnv, options: RtcOptions) {
    super('rtc', env);
    this.#options = options;
    this.reset();
  }

  /** A reset clears the interrupt enables and flags; time, alarm and RAM have a battery. */
  protected initial(before?: RtcState): RtcState {
    if (before === undefined) return this.powerOn();
    const nvram = before.nvram.slice();
    nvram[RtcReg.B]! &= ~(RtcB.PIE | RtcB.AIE | RtcB.UIE);
    nvram[RtcReg.C] = 0;
    return { ...before, nvram, index: 0, flagsNs: this.clock.now() };
  }

  private powerOn(): RtcState {
    const nvram = new Uint8Array(NVRAM_BYTES);
    for (const [at, value] of Object.entries(this.#options.nvram ?? {})) nvram[Number(at)] = value;
    nvram[RtcReg.A] = A_DEFAULT;
    nvram[RtcReg.B] = RtcB.H24;
    nvram[RtcReg.D] = D_VRT;
    const now = this.clock.now();
    const { startSeconds } = this.#options;
    const baseSeconds = Math.floor(startSeconds);
    const baseNs = now - Math.round((startSeconds - baseSeconds) * NS_PER_SECOND);
    return { index: 0, nvram, baseSeconds, baseNs, weekdayOffset: 0, flagsNs: now };
  }

  protected override limits() {
    return { index: NVRAM_BYTES - 1, weekdayOffset: 6, flagsNs: 2 ** 51 };
  }

  protected override check(state: RtcState): void {
    const { baseSeconds, baseNs } = state;
    if (Math.abs(baseSeconds) < 1e12 && Math.abs(baseNs) < 2 ** 51) return;
    throw new SnapshotError(`${this.name}: the clock's base ${baseSeconds} s at ${baseNs} ns is out of range`);
  }

  override onTimer(): void {
    this.raiseFlags();
    this.update();
  }

  /** Changes a byte of CMOS RAM from outside, as firmware would. */
  setNvram(at: number, value: number): void {
    this.state.nvram[at] = value;
  }

  /** The calendar now, in seconds since 1970. */
  get seconds(): number {
    return this.state.baseSeconds + Math.floor((this.clock.now() - this.state.baseNs) / NS_PER_SECOND);
  }

  protected override update(): void {
    const { nvram } = this.state;
    const active = nvram[RtcReg.C]! & nvram[RtcReg.B]! & (RtcC.UF | RtcC.AF | RtcC.PF);
    if (active !== 0) nvram[RtcReg.C]! |= RtcC.IRQF;
    else nvram[RtcReg.C]! &= ~RtcC.IRQF;
    this.irq.set(active !== 0);
    const next = this.nextEvent();
    if (next === Infinity) this.#event.cancel();
    else this.#event.arm(next);
  }

  private get running(): boolean {
    const { nvram } = this.state;
    return this.dividing && (nvram[RtcReg.B]! & RtcB.SET) === 0;
  }

  private get dividing(): boolean {
    return (this.state.nvram[RtcReg.A]! & A.DIVIDER_RESET) !== A.DIVIDER_RESET;
  }

  /** Periods of the periodic interrupt in 32.768 kHz cycles; 0 when off. Rates 1 and 2 repeat 8 and 9. */
  private get period(): number {
    const rate = this.state.nvram[RtcReg.A]! & A.RATE;
    if (rate === 0 || !this.dividing) return 0;
    return 1 << ((rate <= 2 ? rate + 7 : rate) - 1);
  }

  /** Sets the flags of what happened since they were last looked at. */
  private raiseFlags(): void {
    const { state } = this;
    const now = this.clock.now();
    const from = Math.max(state.flagsNs, state.baseNs);
    if (now <= from) return;
    state.flagsNs = now;
    const periods = (ns: number) => Math.floor(ticksIn(ns - state.baseNs, HZ) / this.period);
    if (this.period !== 0 && periods(now) !== periods(from)) state.nvram[RtcReg.C]! |= RtcC.PF;
    if (!this.running) return;
    const second = (ns: number) => Math.floor((ns - state.baseNs) / NS_PER_SECOND);
    const passed = second(now) - second(from);
    if (passed === 0) return;
    state.nvram[RtcReg.C]! |= RtcC.UF;
    if (secondsToAlarm(state.nvram, state.baseSeconds + second(from)) <= passed) state.nvram[RtcReg.C]! |= RtcC.AF;
  }

  /** When the next enabled flag rises that is not up yet, in ns. */
  private nextEvent(): number {
    const { state } = this;
    const wanted = state.nvram[RtcReg.B]! & ~state.nvram[RtcReg.C]!;
    const from = Math.max(state.flagsNs, state.baseNs) - state.baseNs;
    let next = Infinity;
    if ((wanted & RtcB.PIE) !== 0 && this.period !== 0) {
      const periods = Math.floor(ticksIn(from, HZ) / this.period);
      next = nsOfTicks((periods + 1) * this.period, HZ);
    }
    if (!this.running) return next + state.baseNs;
    const second = Math.floor(from / NS_PER_SECOND);
    if ((wanted & RtcB.UIE) !== 0) next = Math.min(next, (second + 1) * NS_PER_SECOND);
    if ((wanted & RtcB.AIE) !== 0) next = Math.min(next, (second + secondsToAlarm(state.nvram, state.baseSeconds + second)) * NS_PER_SECOND);
    return next + state.baseNs;
  }

  private readRegister(index: number): number {
    const { nvram } = this.state;
    if (TIME_REGISTERS.includes(index)) this.showTime();
    if (index === RtcReg.A) return nvram[RtcReg.A]! | (this.updateInProgress() ? A.UIP : 0);
    if (index !== RtcReg.C) return nvram[index]!;
    this.raiseFlags();
    this.update();
    const flags = nvram[RtcReg.C]!;
    nvram[RtcReg.C] = 0;
    this.update();
    return flags;
  }

  /** UIP is up for the 244 us before the calendar changes. */
  private updateInProgress(): boolean {
    const intoSecond = (this.clock.now() - this.state.baseNs) % NS_PER_SECOND;
    return this.running && intoSecond >= NS_PER_SECOND - UIP_NS;
  }

  private writeRegister(index: number, value: number): void {
    const { nvram } = this.state;
    this.raiseFlags();
    if (TIME_REGISTERS.includes(index)) {
      this.showTime();
      nvram[index] = value;
      if (index === RtcReg.CENTURY) nvram[RtcReg.CENTURY_PS2] = value;
      if (index === RtcReg.CENTURY_PS2) nvram[RtcReg.CENTURY] = value;
      if (this.running) this.takeTime();
    } else if (index === RtcReg.A) this.writeA(value & ~A.UIP);
    else if (index === RtcReg.B) this.writeB(value);
    else if (index !== RtcReg.C && index !== RtcReg.D) nvram[index] = value;
    this.update();
  }

  private writeA(value: number): void {
    const wasDividing = this.dividing;
    this.showTime();
    this.state.nvram[RtcReg.A] = value;
    if (wasDividing || !this.dividing) return;
    // Out of divider reset, the first update comes half a second later.
    this.state.baseNs = this.clock.now() - NS_PER_SECOND / 2;
    if (this.running) this.takeTime();
  }

  private writeB(value: number): void {
    const wasSet = (this.state.nvram[RtcReg.B]! & RtcB.SET) !== 0;
    this.showTime();
    this.state.nvram[RtcReg.B] = (value & RtcB.SET) !== 0 ? value & ~RtcB.UIE : value;
    if (wasSet && this.running) this.takeTime();
    else if (!wasSet && this.running) this.showTime(); // the data mode may have changed
  }

  /** Brings the calendar bytes up to date while the clock runs; a stopped one keeps what was written. */
  private showTime(): void {
    if (!this.running) return;
    const { nvram, weekdayOffset } = this.state;
    registersFromFields(nvram, civilFromSeconds(this.seconds, weekdayOffset));
  }

  /** Starts the calendar from the bytes the guest wrote; the fraction of the second goes on. */
  private takeTime(): void {
    const { state } = this;
    const now = this.clock.now();
    const fields = fieldsFromRegisters(state.nvram);
    state.baseNs = now - ((now - state.baseNs) % NS_PER_SECOND);
    state.baseSeconds = secondsFromCivil(fields);
    state.weekdayOffset = 0;
    state.weekdayOffset = (fields.weekday - civilFromSeconds(state.baseSeconds, 0).weekday + 7) % 7;
  }
}
