/**
 * Power management function of the PIIX4 (function 3 of slot 1): ACPI registers with the 3.579545 MHz timer, SCI, power button, soft-off.
 * Intel 82371AB (PIIX4) data sheet, sections 7.1 and 7.2; ACPI 1.0b, section 4.7.3. The machine's firmware interface (SMI command port)
 * answers ACPI_ENABLE and ACPI_DISABLE here, as there is no system management mode. Not modelled: SMBus, device monitors, sleep with wake-up.
 */
import { bit } from './bits.ts';
import { nsOfTicks, ticksIn } from './clock.ts';
import type { DeviceEnv } from './device.ts';
import type { AccessBytes, IoRegion } from './io-region.ts';
import type { PciConnection } from './pci-device.ts';
import { PciDevice, type PciState } from './pci-device.ts';
import { SnapshotError } from './snapshot.ts';

/** The ACPI timer in Hz. */
export const PM_TIMER_HZ = 3_579_545;

/** Where firmware puts the registers on a PC of this kind, and what it says in the FADT. */
export const AcpiPort = { PM_BASE: 0x600, GPE0: 0xafe0, SMI_COMMAND: 0xb2, ENABLE: 0xf1, DISABLE: 0xf0 } as const;

/** PCI configuration. */
const Config = { PMBA: 0x40, PMREGMISC: 0x80, SMBBA: 0x90, SMBHSTCFG: 0xd2 } as const;
const PMIOSE = bit(0);
/** I/O registers from the base that PMBA names. */
const Reg = { PM1_STS: 0, PM1_EN: 2, PM1_CNT: 4, PM_TMR: 8 } as const;
/** PM1 status and, but for WAK and BM, enable. */
export const Pm1 = { TMR: bit(0), BM: bit(4), GBL: bit(5), PWRBTN: bit(8), RTC: bit(10), WAK: bit(15) } as const;
const PM1_EVENTS = Pm1.TMR | Pm1.GBL | Pm1.PWRBTN | Pm1.RTC;
const PM1_STATUS = PM1_EVENTS | Pm1.BM | Pm1.WAK;
/** PM1 control. The sleep type is a code of the DSDT's choice: `SleepType`. */
const Cnt = { SCI_EN: bit(0), BM_RLD: bit(1), GBL_RLS: bit(2), SLP_TYP_SHIFT: 10, SLP_EN: bit(13) } as const;
/** Values for SLP_TYP that this machine's DSDT has. */
export const SleepType = { S5: 0, S3: 1, S4: 2 } as const;

/** The timer shows 24 bits, and its status bit rises whenever the top one changes. */
const TIMER_MASK = 0xff_ffff;
const HALF = 0x80_0000;
const REGION_BYTES = 64;

export interface AcpiPmState extends PciState {
  status: number;
  enable: number;
  control: number;
  /** Half period of the timer, counted from power-on, at whose end TMR rises again. */
  nextHalf: number;
  gpeStatus: number;
  gpeEnable: number;
  apmControl: number;
  apmStatus: number;
}

export class Piix4Pm extends PciDevice<AcpiPmState> {
  /** System control interrupt: level, IRQ 9. */
  readonly sci = this.line('sci');
  /** Pulses when the guest turns the power off (S5). */
  readonly powerOff = this.line('power-off');
  /** Ports 0xafe0..0xafe3: general-purpose events 0..15, status then enable. */
  readonly gpePorts: IoRegion = {
    name: 'acpi-gpe0',
    size: 4,
    access: { max: 1 },
    read: (offset) => (this.gpe(offset) >>> (8 * (offset & 1))) & 0xff,
    write: (offset, _bytes, value) => this.writeGpe(offset, value),
  };
  /** Ports 0xb2 and 0xb3. */
  readonly apmPorts: IoRegion = {
    name: 'apm-io',
    size: 2,
    access: { max: 1 },
    read: (offset) => (offset === 0 ? this.state.apmControl : this.state.apmStatus),
    write: (offset, _bytes, value) => this.writeApm(offset, value),
  };
  /** The registers that PMBA places. */
  readonly pmPorts: IoRegion = {
    name: 'acpi-pm',
    size: REGION_BYTES,
    read: (offset, bytes) => this.read(offset, bytes),
    write: (offset, bytes, value) => this.write(offset, bytes, value),
  };
  readonly #timerCarry = this.timer('timer-carry');
  #connection: PciConnection | undefined;
  #mappedAt: number | undefined;

  constructor(env: DeviceEnv) {
    super('piix4-pm', env, {
      vendorId: 0x8086, deviceId: 0x7113, revision: 3, classCode: 0x068000, subsystemVendorId: 0x1af4, subsystemId: 0x1100, interruptPin: 1,
    });
    this.writeMask.fill(0xff, 0x40);
    this.template.set([0x80, 0x02], 0x06); // medium DEVSEL timing, fast back-to-back
    this.template[Config.PMBA] = 0x01;
    this.template[Config.SMBBA] = 0x01;
    this.template.set([0x10, 0x00, 0x00, 0x00, 0x60], 0x5f); // device activity registers, as QEMU presents them
    this.reset();
  }

  protected initial(): AcpiPmState {
    return {
      ...this.initialPci(),
      status: 0, enable: 0, control: 0, nextHalf: Math.floor(this.ticks() / HALF) + 1, gpeStatus: 0, gpeEnable: 0, apmControl: 0, apmStatus: 0,
    };
  }

  protected override limits() {
    return {
      status: 0xffff, enable: 0xffff, control: 0xffff, nextHalf: 2 ** 21, gpeStatus: 0xffff, gpeEnable: 0xffff, apmControl: 0xff, apmStatus: 0xff,
    };
  }

  protected override check(state: AcpiPmState): void {
    super.check(state);
    if (state.nextHalf < 0) throw new SnapshotError(`${this.name}: the timer's next carry is negative`);
  }

  /** Presses the power button: the guest decides what to do about it. */
  pressPowerButton(): void {
    this.state.status |= Pm1.PWRBTN;
    this.update();
  }

  /** Signals general-purpose event `n` (0..15), for hot-plug and the like. */
  raiseGpe(n: number): void {
    this.state.gpeStatus |= bit(n);
    this.update();
  }

  override attach(connection: PciConnection, devfn: number): void {
    super.attach(connection, devfn);
    this.#connection = connection;
    this.place();
  }

  override reset(): void {
    super.reset();
    this.place();
  }

  protected override loaded(): void {
    super.loaded();
    this.place();
  }

  override onTimer(): void {
    this.carry();
    this.update();
  }

  protected override configWritten(): void {
    this.place();
  }

  protected override update(): void {
    super.update();
    const { status, enable, gpeStatus, gpeEnable, control } = this.state;
    const asks = (status & enable & PM1_EVENTS) !== 0 || (gpeStatus & gpeEnable) !== 0;
    this.sci.set(asks && (control & Cnt.SCI_EN) !== 0);
    const wanted = (enable & Pm1.TMR) !== 0 && (status & Pm1.TMR) === 0;
    if (wanted) this.#timerCarry.arm(nsOfTicks(this.state.nextHalf * HALF, PM_TIMER_HZ));
    else this.#timerCarry.cancel();
  }

  /** The registers follow PMBA while PMREGMISC enables them. */
  private place(): void {
    const { config } = this.state;
    const base = ((config[Config.PMBA + 1]! << 8) | config[Config.PMBA]!) & 0xffc0;
    const at = (config[Config.PMREGMISC]! & PMIOSE) !== 0 && base !== 0 ? base : undefined;
    if (this.#connection === undefined || at === this.#mappedAt) return;
    if (this.#mappedAt !== undefined) this.#connection.unmap('io', this.#mappedAt, this.pmPorts);
    if (at !== undefined) this.#connection.map('io', at, this.pmPorts);
    this.#mappedAt = at;
  }

  private ticks(): number {
    return ticksIn(this.clock.now(), PM_TIMER_HZ);
  }

  /** Raises TMR if the top bit of the timer changed since the guest last cleared it. */
  private carry(): void {
    if (Math.floor(this.ticks() / HALF) >= this.state.nextHalf) this.state.status |= Pm1.TMR;
  }

  private read(offset: number, bytes: AccessBytes): number {
    if (offset >= Reg.PM_TMR && offset + bytes <= Reg.PM_TMR + 4) return (this.ticks() % (TIMER_MASK + 1)) >>> (8 * (offset - Reg.PM_TMR));
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8) | this.byteAt(offset + i);
    return value >>> 0;
  }

  private byteAt(offset: number): number {
    this.carry();
    const { status, enable, control } = this.state;
    const word = offset < Reg.PM1_EN ? status : offset < Reg.PM1_CNT ? enable : offset < Reg.PM1_CNT + 2 ? control : 0;
    return (word >>> (8 * (offset & 1))) & 0xff;
  }

  private write(offset: number, bytes: AccessBytes, value: number): void {
    const { state } = this;
    this.carry();
    if (offset >= Reg.PM_TMR && offset < Reg.PM_TMR + 4) this.guestError('write of the read-only PM_TMR');
    for (let i = 0; i < bytes; i++) this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
    if ((state.control & Cnt.SLP_EN) !== 0) this.sleep();
    this.update();
  }

  private writeByte(offset: number, byte: number): void {
    const { state } = this;
    const shift = 8 * (offset & 1);
    const placed = byte << shift;
    const keep = ~(0xff << shift);
    if (offset < Reg.PM1_EN) this.clearStatus(placed & PM1_STATUS);
    else if (offset < Reg.PM1_CNT) state.enable = (state.enable & keep) | (placed & PM1_EVENTS);
    else if (offset < Reg.PM1_CNT + 2) state.control = (state.control & (keep | Cnt.SCI_EN)) | (placed & ~Cnt.GBL_RLS & ~Cnt.SCI_EN);
  }

  private clearStatus(bits: number): void {
    const { state } = this;
    state.status &= ~bits;
    if ((bits & Pm1.TMR) !== 0) state.nextHalf = Math.floor(this.ticks() / HALF) + 1;
  }

  private sleep(): void {
    const { state } = this;
    const type = (state.control >>> Cnt.SLP_TYP_SHIFT) & 7;
    state.control &= ~Cnt.SLP_EN;
    if (type === SleepType.S5 || type === SleepType.S4) this.powerOff.pulse();
    else this.unimp(`sleep type ${type}: only soft-off is modelled`);
  }

  private gpe(offset: number): number {
    return offset < 2 ? this.state.gpeStatus : this.state.gpeEnable;
  }

  private writeGpe(offset: number, value: number): void {
    const { state } = this;
    const shift = 8 * (offset & 1);
    if (offset < 2) state.gpeStatus &= ~(value << shift);
    else state.gpeEnable = (state.gpeEnable & ~(0xff << shift)) | (value << shift);
    this.update();
  }

  private writeApm(offset: number, value: number): void {
    const { state } = this;
    if (offset === 1) {
      state.apmStatus = value;
      return;
    }
    state.apmControl = value;
    if (value === AcpiPort.ENABLE) state.control |= Cnt.SCI_EN;
    else if (value === AcpiPort.DISABLE) state.control &= ~Cnt.SCI_EN;
    else this.unimp(`SMI command ${value}`);
    this.update();
  }
}
