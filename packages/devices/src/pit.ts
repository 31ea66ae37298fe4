/**
 * 8254 interval timer at ports 0x40..0x43 and the system control port 0x61 (timer 2 gate, speaker enable, refresh toggle, OUT2).
 * Intel 8254 data sheet (order 231164); 82371SB (PIIX3) data sheet, NMI status and control register. OUT0 is IRQ 0.
 * Not modelled: sound, NMI sources (parity, IOCHK).
 */
import { bit } from './bits.ts';
import { nsOfTicks, ticksIn } from './clock.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import {
  countOf, isTriggered, loadCount, newCounter, nextChange, outputOf, PitMode, setGate, syncCounter, type PitCounterState,
} from './pit-counter.ts';
import { SnapshotError } from './snapshot.ts';

/** The PC's timer input in Hz. */
export const PIT_HZ = 1_193_182;

/** Offset of the control word register. */
const CONTROL = 3;
/** Read-back command, told by counter number 3; its two latch bits are active low. */
const ReadBack = { COMMAND: 3, NO_STATUS: bit(4), NO_COUNT: bit(5) } as const;
const Status = { NULL_COUNT: bit(6), OUT: bit(7) } as const;
/** Port 0x61. Bits 2 and 3 disable NMI sources and read back. */
const Port61 = { GATE2: bit(0), SPEAKER: bit(1), WRITABLE: 0x0f, REFRESH: bit(4), OUT2: bit(5) } as const;
/** Timer ticks between two changes of the refresh toggle: 15 us. */
const REFRESH_TICKS = 18;

/** Ticks in 85 days: beyond what the clock can tell. */
const MAX_TICK = 2 ** 43;
/** Format 0 of a control word is the counter latch command. */
const LATCH = 0;
const Format = { LOW: 1, HIGH: 2, BOTH: 3 } as const;

export interface PitState {
  counters: PitCounterState[];
  control61: number;
  /** The tick up to which IRQ 0 has seen OUT0. */
  shownAt: number;
}

export class Pit8254 extends Device<PitState> {
  /** OUT0. */
  readonly irq = this.line('irq');
  /** Ports 0x40..0x43. */
  readonly ports: IoRegion = {
    name: 'pit',
    size: 4,
    access: { max: 1 },
    read: (offset) => (offset === CONTROL ? 0xff : this.readCounter(offset)),
    write: (offset, _bytes, value) => {
      const tick = this.syncAll();
      if (offset !== CONTROL) this.writeCounter(this.state.counters[offset]!, value, tick);
      else if (value >>> 6 === ReadBack.COMMAND) this.readBack(value, tick);
      else this.writeControl(this.state.counters[value >>> 6]!, value, tick);
      this.state.shownAt = tick;
      this.update();
    },
  };
  /** Port 0x61. */
  readonly controlPort: IoRegion = {
    name: 'system-control',
    size: 1,
    read: () => this.readPort61(),
    write: (_offset, _bytes, value) => {
      this.state.control61 = value & Port61.WRITABLE;
      setGate(this.state.counters[2]!, (value & Port61.GATE2) !== 0, this.syncAll());
    },
  };
  readonly #change = this.timer('change');

  constructor(env: DeviceEnv) {
    super('pit', env);
    this.reset();
  }

  protected initial(): PitState {
    return { counters: [newCounter(true), newCounter(true), newCounter(false)], control61: 0, shownAt: 0 };
  }

  protected override check(state: PitState): void {
    for (const c of state.counters) {
      const sane = c.count >= 0 && c.count <= 0x1_0000 && c.next >= 0 && c.next <= 0x1_0000 && c.mode >= 0 && c.mode <= 5;
      const ticks = [c.start, c.switchAt, c.held, state.shownAt].every((tick) => tick >= -MAX_TICK && tick < MAX_TICK);
      if (!sane || !ticks) throw new SnapshotError(`${this.name}: a counter has impossible values: ${JSON.stringify(c)}`);
    }
  }

  override onTimer(): void {
    this.update();
  }

  /** Level of OUT of counter 0..2 now. */
  output(n: number): boolean {
    return outputOf(this.state.counters[n]!, this.syncAll());
  }

  protected override update(): void {
    const tick = ticksIn(this.clock.now(), PIT_HZ);
    this.showEdges(tick);
    const counter = this.state.counters[0]!;
    this.irq.set(outputOf(counter, tick));
    const next = nextChange(counter, tick);
    if (next === Infinity) this.#change.cancel();
    else this.#change.arm(nsOfTicks(next, PIT_HZ));
  }

  /** Loads waiting counts and shows IRQ 0 what it missed; returns the current tick. */
  private syncAll(): number {
    const tick = ticksIn(this.clock.now(), PIT_HZ);
    this.showEdges(tick);
    for (const c of this.state.counters) syncCounter(c, tick);
    return tick;
  }

  /** Replays the edges of OUT0 up to `tick`. Two stand for any number: the interrupt controller remembers one request. */
  private showEdges(tick: number): void {
    const { state } = this;
    const counter = state.counters[0]!;
    let edge = nextChange(counter, state.shownAt);
    for (let shown = 0; edge <= tick; shown++) {
      if (shown === 2) edge = tick;
      syncCounter(counter, edge);
      this.irq.set(outputOf(counter, edge));
      state.shownAt = edge;
      edge = nextChange(counter, edge);
    }
  }

  private readCounter(n: number): number {
    const tick = this.syncAll();
    const c = this.state.counters[n]!;
    if (c.latchedStatus >= 0) {
      const status = c.latchedStatus;
      c.latchedStatus = -1;
      return status;
    }
    const value = c.latchedCount >= 0 ? c.latchedCount : countOf(c, tick);
    const high = c.format === Format.HIGH || (c.format === Format.BOTH && c.readHigh);
    if (c.format === Format.BOTH) c.readHigh = !c.readHigh;
    if (high || c.format === Format.LOW) c.latchedCount = -1;
    return high ? value >>> 8 : value & 0xff;
  }

  private writeCounter(c: PitCounterState, value: number, tick: number): void {
    if (c.format === Format.LOW) loadCount(c, value, tick);
    else if (c.format === Format.HIGH) loadCount(c, value << 8, tick);
    else if (c.writtenLow >= 0) {
      loadCount(c, c.writtenLow | (value << 8), tick);
      c.writtenLow = -1;
    } else {
      c.writtenLow = value;
      if (c.mode === PitMode.TERMINAL_COUNT) c.count = 0; // the first byte stops it
    }
  }

  private writeControl(c: PitCounterState, control: number, tick: number): void {
    const format = (control >>> 4) & 3;
    if (format === LATCH) {
      if (c.latchedCount < 0) c.latchedCount = countOf(c, tick);
      return;
    }
    const mode = (control >>> 1) & 7;
    Object.assign(c, newCounter(c.gate), { format, mode: mode > 5 ? mode & 3 : mode, bcd: (control & 1) !== 0 });
    c.held = c.gate || isTriggered(c) ? -1 : 0;
  }

  private readBack(command: number, tick: number): void {
    this.state.counters.forEach((c, n) => {
      if ((command & bit(n + 1)) === 0) return;
      if ((command & ReadBack.NO_COUNT) === 0 && c.latchedCount < 0) c.latchedCount = countOf(c, tick);
      if ((command & ReadBack.NO_STATUS) === 0 && c.latchedStatus < 0) c.latchedStatus = this.status(c, tick);
    });
  }

  private status(c: PitCounterState, tick: number): number {
    const waiting = c.count === 0 || c.next !== 0 || tick < c.start;
    return (
      (outputOf(c, tick) ? Status.OUT : 0) | (waiting ? Status.NULL_COUNT : 0) | (c.format << 4) | (c.mode << 1) | (c.bcd ? 1 : 0)
    );
  }

  private readPort61(): number {
    const tick = this.syncAll();
    const refresh = Math.floor(tick / REFRESH_TICKS) % 2 === 1 ? Port61.REFRESH : 0;
    return this.state.control61 | refresh | (outputOf(this.state.counters[2]!, tick) ? Port61.OUT2 : 0);
  }
}
