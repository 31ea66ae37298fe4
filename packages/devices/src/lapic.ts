/**
 * Local APIC with timer, in xAPIC and x2APIC mode. Intel SDM Vol. 3A, chapter 11. Version 0x14 with six LVT entries, as QEMU's. The
 * timer counts nanoseconds (a 1 GHz bus clock) or waits for the TSC. Not modelled: CMCI, arbitration, EOI-broadcast suppression,
 * the focus processor; the delivery status bits always read as idle, because delivery takes no time.
 */
import { BROADCAST, Delivery, type ApicBus, type ApicTarget } from './apic-bus.ts';
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import {
  ApicBase, ApicMsr, ApicReg, ESR, FLAT, ICR, isVectorSet, LVT, LVT_COUNT, LVT_FIRST, LVT_WRITABLE, LvtIndex, REGISTERS, Shorthand, SVR, TimerMode,
  VERSION, X2APIC_READ_ONLY, XAPIC_ONLY,
} from './lapic-registers.ts';
import { currentCount, nextExpiry, timerDivisor } from './lapic-timer.ts';
import { hex } from './log.ts';
import { SnapshotError } from './snapshot.ts';
import type { TscSource } from './tsc.ts';
import { clearBit, hasBit, highest, NONE, setBit } from './vector-set.ts';

const { TIMER, LINT0, ERROR } = LvtIndex;

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

export class LocalApic extends Device<LocalApicState> implements ApicTarget {
  /** To the processor's INTR: there is something for `acknowledge()`. */
  readonly intr = this.line('intr');
  /** The register page: 4096 bytes at `baseAddress`, seen by the own processor only. */
  readonly mmio: IoRegion = {
    name: 'lapic',
    size: 0x1000,
    access: { min: 4, max: 4 },
    read: (offset) => this.readMmio(offset),
    write: (offset, _bytes, value) => this.writeMmio(offset, value),
  };
  /** The words that `readMsr` found. */
  msrLow = 0;
  msrHigh = 0;
  readonly #options: LocalApicOptions;
  readonly #expiry = this.timer('expiry');

  constructor(env: DeviceEnv, options: LocalApicOptions) {
    super(`lapic${options.id}`, env);
    this.#options = options;
    options.bus.addLocal(this);
    this.reset();
  }

  protected initial(before?: LocalApicState): LocalApicState {
    const { id, bootProcessor } = this.#options;
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

  override reset(): void {
    super.reset();
    this.#options.moved?.(this.baseAddress);
  }

  protected override loaded(): void {
    this.#options.moved?.(this.baseAddress);
  }

  /** Where the register page is, or `undefined` in x2APIC mode and when the APIC is off. */
  get baseAddress(): number | undefined {
    const { base, baseHigh } = this.state;
    if ((base & ApicBase.ENABLE) === 0 || (base & ApicBase.EXTD) !== 0) return undefined;
    return baseHigh * 2 ** 32 + ((base & ApicBase.ADDRESS) >>> 0);
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
    } else if (this.externalPending && this.#options.pic !== undefined) {
      state.extint = false;
      vector = this.#options.pic.acknowledge();
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
      if (n === 1 && rising) this.#options.cpu.nmi();
    } else if (rising) this.lintRaised(LINT0 + n);
    this.update();
  }

  private lintRaised(entry: number): void {
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
    const { cpu } = this.#options;
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
  private init(): void {
    const { id, base, baseHigh } = this.state;
    this.#expiry.cancel();
    this.state = { ...this.initial(this.state), id, base, baseHigh };
  }

  private raiseError(error: number): void {
    const { state } = this;
    state.errors |= error;
    const lvt = state.lvt[ERROR]!;
    const vector = lvt & LVT.VECTOR;
    if ((lvt & LVT.MASKED) === 0 && vector >= 16) this.acceptFixed(vector, false);
  }

  private endOfInterrupt(): void {
    const { state } = this;
    const vector = highest(state.isr);
    if (vector === NONE) return;
    clearBit(state.isr, vector);
    if (hasBit(state.tmr, vector)) {
      this.#options.bus.endOfInterrupt(vector);
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

  private command(low: number, destination: number): void {
    const { bus } = this.#options;
    const mode = (low >>> ICR.MODE_SHIFT) & 7;
    const vector = low & ICR.VECTOR;
    const level = (low & ICR.LEVEL) !== 0;
    if (mode === Delivery.INIT && level && (low & ICR.ASSERT) === 0) return; // INIT level de-assert: no effect since the Pentium 4
    if (vector < 16 && (mode === Delivery.FIXED || mode === Delivery.LOWEST_PRIORITY)) this.raiseError(ESR.SEND_ILLEGAL_VECTOR);
    switch ((low >>> ICR.SHORTHAND) & 3) {
      case Shorthand.NONE: {
        const logical = (low & ICR.LOGICAL) !== 0;
        const all = destination === (this.x2apic ? BROADCAST : 0xff) && (this.x2apic || !logical);
        bus.send(all ? BROADCAST : destination, logical, mode, vector, false);
        break;
      }
      case Shorthand.SELF:
        this.accept(mode, vector, false);
        break;
      case Shorthand.ALL:
        bus.send(BROADCAST, false, mode, vector, false);
        break;
      default:
        bus.send(BROADCAST, false, mode, vector, false, this);
    }
    this.update();
  }

  // --- Timer ----------------------------------------------------------------------------------------------------------------

  private get timerMode(): number {
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
  private catchUp(now: number): void {
    const { deadline } = this.#expiry;
    if (deadline !== undefined && deadline <= now) this.onTimer();
  }

  /** @param now one reading of the clock for a whole register access: time that passes within it must not skip an expiry. */
  private armTimer(now = this.clock.now()): void {
    const at = this.nextTimer(now);
    if (at === Infinity) this.#expiry.cancel();
    else this.#expiry.arm(at);
  }

  private nextTimer(now: number): number {
    const { state } = this;
    if ((state.lvt[TIMER]! & LVT.MASKED) !== 0) return Infinity;
    if (this.timerMode !== TimerMode.TSC_DEADLINE) return nextExpiry(state, this.timerMode === TimerMode.PERIODIC, now);
    if ((state.deadlineLow | state.deadlineHigh) === 0) return Infinity;
    return this.#options.tsc?.nsOf(state.deadlineLow, state.deadlineHigh) ?? Infinity;
  }

  private writeTimerLvt(value: number): void {
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

  private writeInitialCount(value: number): void {
    if (this.timerMode === TimerMode.TSC_DEADLINE) return;
    const now = this.clock.now();
    this.catchUp(now);
    this.state.initialCount = value;
    this.state.timerStart = now;
    this.armTimer(now);
  }

  /** A new divisor takes effect on the rest of the count. */
  private writeDivide(value: number): void {
    const { state } = this;
    const now = this.clock.now();
    this.catchUp(now);
    const left = currentCount(state, this.timerMode === TimerMode.PERIODIC, now);
    state.dcr = value & 0xb;
    state.timerStart = Math.max(0, now - (state.initialCount - left) * timerDivisor(state.dcr));
    this.armTimer(now);
  }

  // --- Registers ------------------------------------------------------------------------------------------------------------

  private readMmio(offset: number): number {
    if (this.baseAddress === undefined) return 0xffff_ffff;
    const register = offset >>> 4;
    if (!this.known(register, (offset & 0xf) === 0 && register !== ApicReg.SELF_IPI)) return 0;
    return this.read(register);
  }

  private writeMmio(offset: number, value: number): void {
    if (this.baseAddress === undefined) return;
    const register = offset >>> 4;
    if (this.known(register, (offset & 0xf) === 0 && register !== ApicReg.SELF_IPI)) this.write(register, value);
  }

  private known(register: number, addressable: boolean): boolean {
    if (addressable && REGISTERS.has(register)) return true;
    this.guestError(`no register at offset ${hex(register << 4)}`);
    this.raiseError(ESR.ILLEGAL_REGISTER);
    this.update();
    return false;
  }

  private read(register: number): number {
    const { state } = this;
    if (isVectorSet(register)) {
      const set = register < ApicReg.TMR ? state.isr : register < ApicReg.IRR ? state.tmr : state.irr;
      return set[register & 7]!;
    }
    if (register >= LVT_FIRST && register < LVT_FIRST + LVT_COUNT) return state.lvt[register - LVT_FIRST]!;
    switch (register) {
      case ApicReg.ID:
        return this.x2apic ? state.id : (state.id << 24) >>> 0;
      case ApicReg.VERSION:
        return VERSION;
      case ApicReg.TPR:
        return state.tpr;
      case ApicReg.APR:
      case ApicReg.PPR:
        return this.processorPriority;
      case ApicReg.LDR:
        return this.x2apic ? (((state.id >>> 4) << 16) | bit(state.id & 0xf)) >>> 0 : state.ldr;
      case ApicReg.DFR:
        return state.dfr;
      case ApicReg.SVR:
        return state.svr;
      case ApicReg.ESR:
        return state.esr;
      case ApicReg.ICR:
        return state.icr;
      case ApicReg.ICR_HIGH:
        return state.icrHigh;
      case ApicReg.TIMER_INITIAL:
        return state.initialCount;
      case ApicReg.TIMER_CURRENT:
        return currentCount(state, this.timerMode === TimerMode.PERIODIC, this.clock.now());
      case ApicReg.TIMER_DIVIDE:
        return state.dcr;
      default:
        return 0; // EOI and RRD
    }
  }

  private write(register: number, value: number): void {
    if (register >= LVT_FIRST && register < LVT_FIRST + LVT_COUNT) this.writeLvt(register - LVT_FIRST, value);
    else this.writePlain(register, value);
    this.update();
  }

  private writePlain(register: number, value: number): void {
    const { state } = this;
    switch (register) {
      case ApicReg.ID:
        state.id = value >>> 24;
        return;
      case ApicReg.TPR:
        state.tpr = value & 0xff;
        return;
      case ApicReg.EOI:
        this.endOfInterrupt();
        return;
      case ApicReg.LDR:
        state.ldr = (value & 0xff00_0000) >>> 0;
        return;
      case ApicReg.DFR:
        state.dfr = (value | 0x0fff_ffff) >>> 0;
        return;
      case ApicReg.SVR:
        this.catchUp(this.clock.now());
        state.svr = value & SVR.WRITABLE;
        if ((value & SVR.ENABLE) === 0) for (let i = 0; i < LVT_COUNT; i++) state.lvt[i]! |= LVT.MASKED;
        this.armTimer();
        return;
      case ApicReg.ESR:
        state.esr = state.errors;
        state.errors = 0;
        return;
      case ApicReg.ICR:
        state.icr = value & ICR.WRITABLE;
        this.command(state.icr, state.icrHigh >>> 24);
        return;
      case ApicReg.ICR_HIGH:
        state.icrHigh = (value & 0xff00_0000) >>> 0;
        return;
      case ApicReg.TIMER_INITIAL:
        this.writeInitialCount(value);
        return;
      case ApicReg.TIMER_DIVIDE:
        this.writeDivide(value);
        return;
      case ApicReg.SELF_IPI:
        this.accept(Delivery.FIXED, value & 0xff, false);
        return;
      default:
        this.guestError(`write of ${hex(value)} to the read-only register ${hex(register << 4)}`);
    }
  }

  private writeLvt(index: number, value: number): void {
    const { state } = this;
    let entry = (value & LVT_WRITABLE[index]!) | (state.lvt[index]! & LVT.REMOTE_IRR);
    if ((state.svr & SVR.ENABLE) === 0) entry |= LVT.MASKED;
    if ((entry & LVT.LEVEL) === 0) entry &= ~LVT.REMOTE_IRR;
    if (index === TIMER) {
      this.writeTimerLvt(entry);
      return;
    }
    state.lvt[index] = entry;
    const lint = index - LINT0;
    if ((lint === 0 || lint === 1) && (entry & LVT.LEVEL) !== 0 && (entry & LVT.MODE) === 0 && state.lint[lint]!) this.lintRaised(index);
  }

  // --- Model-specific registers ----------------------------------------------------------------------------------------------

  /** RDMSR of IA32_APIC_BASE, IA32_TSC_DEADLINE and 0x800..0x83f into `msrLow` and `msrHigh`. False means #GP(0). */
  readMsr(index: number): boolean {
    const { state } = this;
    this.msrHigh = 0;
    if (index === ApicMsr.BASE) {
      this.msrLow = state.base;
      this.msrHigh = state.baseHigh;
      return true;
    }
    if (index === ApicMsr.TSC_DEADLINE) {
      this.msrLow = state.deadlineLow;
      this.msrHigh = state.deadlineHigh;
      return true;
    }
    const register = index - ApicMsr.X2APIC;
    if (!this.hasMsr(register) || register === ApicReg.EOI || register === ApicReg.SELF_IPI) return false;
    this.msrLow = this.read(register);
    if (register === ApicReg.ICR) this.msrHigh = state.icrHigh;
    return true;
  }

  /** WRMSR of the same. False means #GP(0), and nothing changed. */
  writeMsr(index: number, low: number, high: number): boolean {
    if (index === ApicMsr.BASE) return this.writeBase(low, high);
    if (index === ApicMsr.TSC_DEADLINE) {
      if (this.timerMode !== TimerMode.TSC_DEADLINE) return true;
      this.catchUp(this.clock.now());
      this.state.deadlineLow = low >>> 0;
      this.state.deadlineHigh = high >>> 0;
      this.armTimer();
      return true;
    }
    const register = index - ApicMsr.X2APIC;
    if (!this.hasMsr(register) || !this.writableMsr(register, low, high)) return false;
    if (register !== ApicReg.ICR) {
      this.write(register, low >>> 0);
      return true;
    }
    this.state.icr = low & ICR.WRITABLE;
    this.state.icrHigh = high >>> 0;
    this.command(this.state.icr, this.state.icrHigh);
    return true;
  }

  private hasMsr(register: number): boolean {
    if (!this.x2apic || register < 0 || register > ApicReg.SELF_IPI) return false;
    return REGISTERS.has(register) && !XAPIC_ONLY.has(register);
  }

  private writableMsr(register: number, low: number, high: number): boolean {
    if (X2APIC_READ_ONLY.has(register) || isVectorSet(register)) return false;
    if (register !== ApicReg.ICR && high !== 0) return false;
    return (register !== ApicReg.EOI && register !== ApicReg.ESR) || low === 0;
  }

  private writeBase(low: number, high: number): boolean {
    const mode = (word: number) => word & (ApicBase.ENABLE | ApicBase.EXTD);
    const to = mode(low);
    const from = mode(this.state.base);
    const illegal = to === ApicBase.EXTD || (from === (ApicBase.ENABLE | ApicBase.EXTD) && to === ApicBase.ENABLE) || (from === 0 && to > ApicBase.ENABLE);
    const known = ApicBase.ADDRESS | ApicBase.ENABLE | ApicBase.EXTD | ApicBase.BSP;
    if (illegal || (low & ~known) !== 0 || high > 0xf_ffff) return false;
    if (to === 0 && from !== 0) this.init(); // switched off: as after reset once it is on again
    const { state } = this;
    state.base = ((low & ~ApicBase.BSP) | (state.base & ApicBase.BSP)) >>> 0;
    state.baseHigh = high >>> 0;
    if (to !== from) state.id = this.#options.id;
    this.#options.moved?.(this.baseAddress);
    this.update();
    return true;
  }
}
