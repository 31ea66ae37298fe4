/**
 * The interrupts of a local APIC: what the bus and the pins bring, priorities, acknowledgement and end. Intel SDM Vol. 3A, sections 11.5.1 (LVT), 11.5.3 (errors),
 * 11.6.2 (destinations), 11.8 (priorities, IRR, ISR, TMR, EOI). Its timer and its registers are built upon this.
 */
import { Delivery, type ApicBus, type ApicTarget } from './apic-bus.ts';
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import { ApicBase, ESR, FLAT, LVT, LVT_COUNT, LvtIndex, SVR } from './lapic-registers.ts';
import { hex } from './log.ts';
import { SnapshotError } from './snapshot.ts';
import type { TscSource } from './tsc.ts';
import { clearBit, hasBit, highest, NONE, setBit } from './vector-set.ts';

const { LINT0, ERROR } = LvtIndex;

/** The processor's pins and events that its local APIC drives, besides INTR. */
export interface ApicCpu {
  nmi(): void;
  smi(): void;
  /** INIT: the local APIC has reset itself already; the processor waits for a start-up message unless it is the BSP. */
  init(): void;
  /** Start-up: begin at physical address `vector << 12` in real mode. */
  startup(vector: number): void;
}

export interface LocalApicOptions {
  readonly id: number;
  readonly bootProcessor: boolean;
  readonly bus: ApicBus;
  readonly cpu: ApicCpu;
  /** The 8259A pair behind LINT0. */
  readonly pic?: { acknowledge(): number };
  /** For the TSC-deadline timer. */
  readonly tsc?: TscSource;
  /** The register page moved or, with `undefined`, is not in memory (x2APIC or disabled). */
  moved?(address: number | undefined): void;
}

export interface LocalApicState {
  base: number;
  baseHigh: number;
  id: number;
  tpr: number;
  ldr: number;
  dfr: number;
  svr: number;
  isr: Uint32Array;
  tmr: Uint32Array;
  irr: Uint32Array;
  esr: number;
  errors: number;
  icr: number;
  icrHigh: number;
  lvt: Uint32Array;
  lint: boolean[];
  /** An ExtINT message came and was not acknowledged. */
  extint: boolean;
  initialCount: number;
  timerStart: number;
  dcr: number;
  deadlineLow: number;
  deadlineHigh: number;
}

export abstract class ApicInterrupts extends Device<LocalApicState> implements ApicTarget {
  /** To the processor's INTR: there is something for `acknowledge()`. */
  readonly intr = this.line('intr');
  protected readonly options: LocalApicOptions;

  constructor(env: DeviceEnv, options: LocalApicOptions) {
    super(`lapic${options.id}`, env);
    this.options = options;
    options.bus.addLocal(this);
  }

  protected initial(before?: LocalApicState): LocalApicState {
    const { id, bootProcessor } = this.options;
    return {
      base: (ApicBase.DEFAULT | ApicBase.ENABLE | (bootProcessor ? ApicBase.BSP : 0)) >>> 0,
      baseHigh: 0, id, tpr: 0, ldr: 0, dfr: 0xffff_ffff, svr: 0xff,
      isr: new Uint32Array(8), tmr: new Uint32Array(8), irr: new Uint32Array(8),
      esr: 0, errors: 0, icr: 0, icrHigh: 0,
      lvt: new Uint32Array(LVT_COUNT).fill(LVT.MASKED),
      lint: before?.lint.slice() ?? [false, false], // what the pins see does not change
      extint: false, initialCount: 0, timerStart: 0, dcr: 0, deadlineLow: 0, deadlineHigh: 0,
    };
  }

  protected override limits() {
    const word = 0xffff_ffff;
    return {
      base: word, baseHigh: 0xf_ffff, id: word, tpr: 0xff, ldr: word, dfr: word, svr: 0x1ff, esr: 0xff, errors: 0xff, icr: word, icrHigh: word,
      initialCount: word, timerStart: 2 ** 51, dcr: 0xf, deadlineLow: word, deadlineHigh: word,
    };
  }

  protected override check(state: LocalApicState): void {
    if ((state.base & (ApicBase.EXTD | ApicBase.ENABLE)) !== ApicBase.EXTD) return;
    throw new SnapshotError(`${this.name}: IA32_APIC_BASE ${hex(state.base)} has EXTD without EN`);
  }

  get enabled(): boolean {
    return (this.state.base & ApicBase.ENABLE) !== 0;
  }

  get x2apic(): boolean {
    return (this.state.base & ApicBase.EXTD) !== 0;
  }

  /** CR8: the task priority class. */
  get cr8(): number {
    return this.state.tpr >>> 4;
  }

  set cr8(value: number) {
    this.state.tpr = (value & 0xf) << 4;
    this.update();
  }

  /** What firmware does on the boot processor before it starts an operating system: virtual wire mode (SDM 11.1, MP specification 3.6.2.2). */
  virtualWire(): void {
    const { state } = this;
    state.svr = SVR.ENABLE | SVR.VECTOR;
    state.lvt[LINT0] = LVT.LEVEL | (Delivery.EXTINT << LVT.MODE_SHIFT);
    state.lvt[LINT0 + 1] = LVT.LEVEL | (Delivery.NMI << LVT.MODE_SHIFT);
    this.update();
  }

  // --- The processor's side -------------------------------------------------------------------------------------------------

  protected override update(): void {
    this.intr.set(this.pendingVector() !== NONE || this.externalPending);
  }

  /** The vector that `acknowledge` would take from the IRR, or -1; the 8259A's are not among them. */
  pendingVector(): number {
    if (!this.enabled) return NONE;
    const vector = highest(this.state.irr);
    return vector !== NONE && vector >>> 4 > this.processorPriority >>> 4 ? vector : NONE;
  }

  /** LINT0 is an ExtINT request of the 8259A, directly when the APIC is off. */
  private get externalPending(): boolean {
    const { lint, lvt, extint } = this.state;
    if (!this.enabled) return lint[0]!;
    return extint || (lint[0]! && (lvt[LINT0]! & (LVT.MASKED | LVT.MODE)) === Delivery.EXTINT << LVT.MODE_SHIFT);
  }

  /** The interrupt acknowledge cycle: the vector to serve. The local APIC's own come before the 8259A's; none left is spurious. */
  acknowledge(): number {
    const { state } = this;
    let vector = this.pendingVector();
    if (vector !== NONE) {
      clearBit(state.irr, vector);
      setBit(state.isr, vector);
    } else if (this.externalPending && this.options.pic !== undefined) {
      state.extint = false;
      vector = this.options.pic.acknowledge();
    } else vector = state.svr & SVR.VECTOR;
    this.update();
    return vector;
  }

  get processorPriority(): number {
    const { tpr, isr } = this.state;
    const serving = Math.max(0, highest(isr));
    return tpr >>> 4 >= serving >>> 4 ? tpr : serving & 0xf0;
  }

  /** LINT0 (the 8259A's INTR) or LINT1 (NMI) changed. */
  setLint(n: 0 | 1, level: boolean): void {
    const { state } = this;
    const rising = level && !state.lint[n]!;
    state.lint[n] = level;
    if (!this.enabled) {
      if (n === 1 && rising) this.options.cpu.nmi();
    } else if (rising) this.lintRaised(LINT0 + n);
    this.update();
  }

  protected lintRaised(entry: number): void {
    const lvt = this.state.lvt[entry]!;
    const mode = (lvt & LVT.MODE) >>> LVT.MODE_SHIFT;
    if ((lvt & LVT.MASKED) !== 0 || mode === Delivery.EXTINT) return;
    if (mode !== Delivery.FIXED) this.accept(mode, 0, false);
    else if ((lvt & LVT.LEVEL) === 0) this.accept(mode, lvt & LVT.VECTOR, false);
    else if ((lvt & LVT.REMOTE_IRR) === 0) {
      this.state.lvt[entry] = lvt | LVT.REMOTE_IRR;
      this.accept(mode, lvt & LVT.VECTOR, true);
    }
  }

  // --- The bus's side -------------------------------------------------------------------------------------------------------

  matchesPhysical(id: number): boolean {
    return id === this.state.id && this.enabled;
  }

  matchesLogical(destination: number): boolean {
    const { id, ldr, dfr } = this.state;
    if (!this.enabled) return false;
    if (this.x2apic) return destination >>> 16 === id >>> 4 && (destination & bit(id & 0xf)) !== 0;
    const logicalId = ldr >>> 24;
    if (dfr >>> 28 === FLAT) return (logicalId & destination) !== 0;
    return (destination >>> 4 === logicalId >>> 4 || destination >>> 4 === 0xf) && (logicalId & destination & 0xf) !== 0;
  }

  accept(mode: number, vector: number, levelTriggered: boolean): void {
    const { cpu } = this.options;
    switch (mode) {
      case Delivery.FIXED:
      case Delivery.LOWEST_PRIORITY:
        this.acceptFixed(vector, levelTriggered);
        break;
      case Delivery.SMI:
        cpu.smi();
        break;
      case Delivery.NMI:
        cpu.nmi();
        break;
      case Delivery.INIT:
        this.init();
        cpu.init();
        break;
      case Delivery.STARTUP:
        cpu.startup(vector);
        break;
      case Delivery.EXTINT:
        this.state.extint = true;
        break;
      default:
        this.guestError(`interrupt message with reserved delivery mode ${mode}`);
    }
    this.update();
  }

  private acceptFixed(vector: number, levelTriggered: boolean): void {
    const { state } = this;
    if ((state.svr & SVR.ENABLE) === 0) return;
    if (vector < 16) {
      this.raiseError(ESR.RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    setBit(state.irr, vector);
    if (levelTriggered) setBit(state.tmr, vector);
    else clearBit(state.tmr, vector);
  }

  /** INIT resets all but the id and IA32_APIC_BASE (SDM 11.4.7.3). */
  protected init(): void {
    const { id, base, baseHigh } = this.state;
    this.state = { ...this.initial(this.state), id, base, baseHigh };
  }

  protected raiseError(error: number): void {
    const { state } = this;
    state.errors |= error;
    const lvt = state.lvt[ERROR]!;
    const vector = lvt & LVT.VECTOR;
    if ((lvt & LVT.MASKED) === 0 && vector >= 16) this.acceptFixed(vector, false);
  }

  protected endOfInterrupt(): void {
    const { state } = this;
    const vector = highest(state.isr);
    if (vector === NONE) return;
    clearBit(state.isr, vector);
    if (hasBit(state.tmr, vector)) {
      this.options.bus.endOfInterrupt(vector);
      this.endLevelLint(vector);
    }
    this.update();
  }

  private endLevelLint(vector: number): void {
    for (let n = 0; n < 2; n++) {
      const lvt = this.state.lvt[LINT0 + n]!;
      if ((lvt & LVT.REMOTE_IRR) === 0 || (lvt & LVT.VECTOR) !== vector) continue;
      this.state.lvt[LINT0 + n] = lvt & ~LVT.REMOTE_IRR;
      if (this.state.lint[n]!) this.lintRaised(LINT0 + n);
    }
  }
}
