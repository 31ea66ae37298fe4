/**
 * Local APIC with timer, in xAPIC and x2APIC mode: its registers in memory and as MSRs, and what writing them does, above all the interrupt command.
 * Intel SDM Vol. 3A, chapter 11: 11.4 (registers, IA32_APIC_BASE), 11.6 (ICR), 11.12 (x2APIC). Version 0x14 with six LVT entries, as QEMU's. Not modelled: CMCI,
 * arbitration, EOI-broadcast suppression, the focus processor; the delivery status bits always read as idle, because delivery takes no time.
 */
import { BROADCAST, Delivery } from './apic-bus.ts';
import { bit } from './bits.ts';
import type { DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import type { LocalApicOptions } from './lapic-interrupts.ts';
import {
  ApicBase, ApicMsr, ApicReg, ESR, ICR, isVectorSet, LVT, LVT_COUNT, LVT_FIRST, LVT_WRITABLE, LvtIndex, REGISTERS, Shorthand, SVR, VERSION,
  X2APIC_READ_ONLY, XAPIC_ONLY,
} from './lapic-registers.ts';
import { ApicTimer } from './lapic-timer.ts';
import { hex } from './log.ts';

const { TIMER, LINT0 } = LvtIndex;

export class LocalApic extends ApicTimer {
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

  constructor(env: DeviceEnv, options: LocalApicOptions) {
    super(env, options);
    this.reset();
  }

  override reset(): void {
    super.reset();
    this.options.moved?.(this.baseAddress);
  }

  protected override loaded(): void {
    this.options.moved?.(this.baseAddress);
  }

  /** Where the register page is, or `undefined` in x2APIC mode and when the APIC is off. */
  get baseAddress(): number | undefined {
    const { base, baseHigh } = this.state;
    if ((base & ApicBase.ENABLE) === 0 || (base & ApicBase.EXTD) !== 0) return undefined;
    return baseHigh * 2 ** 32 + ((base & ApicBase.ADDRESS) >>> 0);
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
        return this.timerCount;
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

  // --- Interrupt command ----------------------------------------------------------------------------------------------------

  private command(low: number, destination: number): void {
    const { bus } = this.options;
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
      this.writeDeadline(low, high);
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
    if (to !== from) state.id = this.options.id;
    this.options.moved?.(this.baseAddress);
    this.update();
    return true;
  }
}
