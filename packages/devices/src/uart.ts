/**
 * 16550A UART at eight ports. TI TL16C550C data sheet, "Register summary"; National PC16550D for the FIFO and interrupt rules.
 * Transmission takes no time: a byte reaches the back end when it is written, and the transmitter is always empty.
 * Reception waits on the host's side while the FIFO is full, so nothing overruns. OUT2 does not gate the interrupt, as in QEMU.
 * Not modelled: line errors other than a received break, sending a break, baud timing (but the time-out interrupt comes after four characters at the programmed rate).
 */
import { bit } from './bits.ts';
import { NS_PER_SECOND } from './clock.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';

/** Registers by offset. While LCR.DLAB is set, 0 and 1 are the divisor latch. */
const Reg = { DATA: 0, IER: 1, IIR_FCR: 2, LCR: 3, MCR: 4, LSR: 5, MSR: 6, SCR: 7 } as const;
const IER = { RDI: bit(0), THRI: bit(1), RLSI: bit(2), MSI: bit(3), ALL: 0x0f } as const;
/** Interrupt identification: codes, from the highest priority down. */
const IIR = { RLSI: 0x06, RDI: 0x04, TIMEOUT: 0x0c, THRI: 0x02, MSI: 0x00, NONE: 0x01, FIFO_ON: 0xc0 } as const;
const FCR = { ENABLE: bit(0), CLEAR_RX: bit(1), CLEAR_TX: bit(2), TRIGGER_SHIFT: 6 } as const;
const LCR = { LENGTH: 0x03, STOP: bit(2), PARITY: bit(3), DLAB: bit(7) } as const;
const MCR = { DTR: bit(0), RTS: bit(1), OUT1: bit(2), OUT2: bit(3), LOOP: bit(4), ALL: 0x1f } as const;
const LSR = { DR: bit(0), OE: bit(1), FE: bit(3), BI: bit(4), THRE: bit(5), TEMT: bit(6), FIFO_ERROR: bit(7) } as const;
/** Modem status: levels in the high half, changes since the last read in the low one. */
const MSR = { DCTS: bit(0), DDSR: bit(1), TERI: bit(2), DDCD: bit(3), CTS: bit(4), DSR: bit(5), RI: bit(6), DCD: bit(7), DELTAS: 0x0f } as const;

/** A break among received bytes: a zero whose line errors (a break lacks a stop bit, too) LSR shows once it is at the top. */
const BREAK = 0x100;

const FIFO_BYTES = 16;
const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
/** Input clock in Hz; a bit lasts 16 x divisor of its periods. */
const CLOCK_HZ = 1_843_200;
/** A terminal that is there and ready. */
const MODEM_READY = MSR.CTS | MSR.DSR | MSR.DCD;

/** The other end of the serial line, on the host. */
export interface SerialBackend {
  /** Bytes that the guest sent. The array is the callee's to keep. */
  write(bytes: Uint8Array): void;
}

export interface UartState {
  ier: number;
  fcr: number;
  lcr: number;
  mcr: number;
  lsr: number;
  msr: number;
  scr: number;
  divisor: number;
  /** Bytes, and BREAK. */
  rx: number[];
  /** Bytes from the host that the receiver has no room for yet. */
  waiting: number[];
  /** The transmitter became empty and nobody has looked. */
  thrEmpty: boolean;
  timedOut: boolean;
}

export class Uart16550 extends Device<UartState> {
  readonly irq = this.line('irq');
  readonly ports: IoRegion = {
    name: 'serial',
    size: 8,
    access: { max: 1 },
    read: (offset) => {
      this.refill();
      const value = this.read(offset);
      this.update();
      return value;
    },
    write: (offset, _bytes, value) => {
      this.write(offset, value);
      this.refill();
      this.update();
    },
  };
  readonly #backend: SerialBackend;
  readonly #timeout = this.timer('timeout');

  constructor(name: string, env: DeviceEnv, backend: SerialBackend) {
    super(name, env);
    this.#backend = backend;
    this.reset();
  }

  protected initial(before?: UartState): UartState {
    return {
      ier: 0, fcr: 0, lcr: 0, mcr: MCR.OUT2, lsr: LSR.THRE | LSR.TEMT, msr: MODEM_READY, scr: 0, divisor: 12,
      rx: [], waiting: before?.waiting ?? [], thrEmpty: false, timedOut: false,
    };
  }

  protected override limits() {
    return { ier: 0x0f, fcr: 0xff, lcr: 0xff, mcr: 0x1f, lsr: 0xff, msr: 0xff, scr: 0xff, divisor: 0xffff, rx: BREAK, waiting: BREAK };
  }

  /** Bytes arrive from the host. All are kept: what the receiver has no room for waits its turn. */
  receive(bytes: Uint8Array | readonly number[]): void {
    for (const byte of bytes) this.state.waiting.push(byte);
    this.refill();
    this.update();
  }

  /** The host holds the line down for longer than a character. */
  receiveBreak(): void {
    this.state.waiting.push(BREAK);
    this.refill();
    this.update();
  }

  /** How many bytes from the host wait for room in the receiver: a back end may pause its source on it. */
  get backlog(): number {
    return this.state.waiting.length;
  }

  /** The modem's side: any of CTS, DSR, RI and DCD (MSR bits 4..7) as the cable has them. Default ready. */
  setModem(levels: number): void {
    this.changeModem(levels & 0xf0);
    this.update();
  }

  override onTimer(): void {
    this.state.timedOut = this.state.rx.length > 0;
    this.update();
  }

  protected override update(): void {
    this.irq.set(this.identify() !== IIR.NONE);
  }

  private get fifo(): boolean {
    return (this.state.fcr & FCR.ENABLE) !== 0;
  }

  private get triggered(): boolean {
    const { rx, fcr } = this.state;
    return this.fifo ? rx.length >= TRIGGER_LEVELS[(fcr >>> FCR.TRIGGER_SHIFT) & 3]! : rx.length > 0;
  }

  /** The pending interrupt of highest priority, as IIR shows it. */
  private identify(): number {
    const { ier, lsr, rx, thrEmpty, timedOut, msr } = this.state;
    if ((ier & IER.RLSI) !== 0 && ((lsr & LSR.OE) !== 0 || rx[0] === BREAK)) return IIR.RLSI;
    if ((ier & IER.RDI) !== 0 && this.triggered) return IIR.RDI;
    if ((ier & IER.RDI) !== 0 && timedOut) return IIR.TIMEOUT;
    if ((ier & IER.THRI) !== 0 && thrEmpty) return IIR.THRI;
    if ((ier & IER.MSI) !== 0 && (msr & MSR.DELTAS) !== 0) return IIR.MSI;
    return IIR.NONE;
  }

  private read(offset: number): number {
    const { state } = this;
    const latch = (state.lcr & LCR.DLAB) !== 0;
    switch (offset) {
      case Reg.DATA:
        return latch ? state.divisor & 0xff : this.takeByte();
      case Reg.IER:
        return latch ? state.divisor >>> 8 : state.ier;
      case Reg.IIR_FCR: {
        const id = this.identify();
        if (id === IIR.THRI) state.thrEmpty = false;
        return id | (this.fifo ? IIR.FIFO_ON : 0);
      }
      case Reg.LCR:
        return state.lcr;
      case Reg.MCR:
        return state.mcr;
      case Reg.LSR:
        return this.readLsr();
      case Reg.MSR: {
        const value = state.msr;
        state.msr &= ~MSR.DELTAS;
        return value;
      }
      default:
        return state.scr;
    }
  }

  private write(offset: number, value: number): void {
    const { state } = this;
    const latch = (state.lcr & LCR.DLAB) !== 0;
    switch (offset) {
      case Reg.DATA:
        if (latch) state.divisor = (state.divisor & 0xff00) | value;
        else this.transmit(value);
        return;
      case Reg.IER:
        if (latch) state.divisor = (state.divisor & 0xff) | (value << 8);
        else this.writeIer(value & IER.ALL);
        return;
      case Reg.IIR_FCR:
        this.writeFcr(value);
        return;
      case Reg.LCR:
        state.lcr = value;
        return;
      case Reg.MCR:
        this.writeMcr(value & MCR.ALL);
        return;
      case Reg.LSR:
      case Reg.MSR:
        this.guestError(`write of ${value} to the read-only ${offset === Reg.LSR ? 'LSR' : 'MSR'}`);
        return;
      default:
        state.scr = value;
    }
  }

  /** Reading takes note of the errors of the byte at the top, and clears them. */
  private readLsr(): number {
    const { state } = this;
    const { rx } = state;
    let value = state.lsr | (rx.length > 0 ? LSR.DR : 0);
    if (this.fifo && rx.includes(BREAK)) value |= LSR.FIFO_ERROR;
    if (rx[0] === BREAK) {
      value |= LSR.BI | LSR.FE;
      rx[0] = 0;
    }
    state.lsr &= ~LSR.OE;
    return value;
  }

  /** The holding register empties at once, which is the THRE interrupt's event. */
  private transmit(byte: number): void {
    const { state } = this;
    if ((state.mcr & MCR.LOOP) !== 0) this.loop(byte);
    else this.#backend.write(Uint8Array.of(byte));
    state.thrEmpty = true;
  }

  /** In loopback the receiver cannot make the sender wait: a full FIFO overruns. */
  private loop(byte: number): void {
    const { state } = this;
    if (state.rx.length < (this.fifo ? FIFO_BYTES : 1)) state.rx.push(byte);
    else {
      state.lsr |= LSR.OE;
      if (!this.fifo) state.rx[0] = byte;
    }
    this.startTimeout();
  }

  private takeByte(): number {
    const { state } = this;
    const byte = (state.rx.shift() ?? 0) & 0xff;
    state.timedOut = false;
    this.update(); // an emptied receiver lets go of the interrupt, so that the next byte is a new edge
    this.refill();
    if (state.rx.length > 0) this.startTimeout();
    else this.#timeout.cancel();
    return byte;
  }

  /** Moves waiting bytes into the receiver as far as it has room. */
  private refill(): void {
    const { state } = this;
    if ((state.mcr & MCR.LOOP) !== 0) return; // the serial input is cut off
    const room = (this.fifo ? FIFO_BYTES : 1) - state.rx.length;
    if (room <= 0 || state.waiting.length === 0) return;
    state.rx.push(...state.waiting.splice(0, room));
    state.timedOut = false;
    this.startTimeout();
  }

  /** The time-out interrupt: fewer bytes than the trigger level have lain in the FIFO for four character times. */
  private startTimeout(): void {
    if (!this.fifo || this.state.rx.length === 0) return;
    const { lcr, divisor } = this.state;
    const bits = 1 + 5 + (lcr & LCR.LENGTH) + ((lcr & LCR.PARITY) !== 0 ? 1 : 0) + ((lcr & LCR.STOP) !== 0 ? 2 : 1);
    const bitNs = (16 * Math.max(1, divisor) * NS_PER_SECOND) / CLOCK_HZ;
    this.#timeout.arm(this.clock.now() + Math.round(4 * bits * bitNs));
  }

  /** Enabling the THRE interrupt while the transmitter is empty raises it at once; drivers start on that. */
  private writeIer(value: number): void {
    const rising = value & ~this.state.ier;
    this.state.ier = value;
    if ((rising & IER.THRI) !== 0) this.state.thrEmpty = true;
    if ((value & IER.THRI) === 0) this.state.thrEmpty = false;
  }

  private writeFcr(value: number): void {
    const { state } = this;
    const toggled = ((value ^ state.fcr) & FCR.ENABLE) !== 0;
    if (toggled || (value & FCR.CLEAR_RX) !== 0) {
      state.rx.length = 0;
      state.timedOut = false;
      this.#timeout.cancel();
    }
    if (toggled || (value & FCR.CLEAR_TX) !== 0) state.thrEmpty = true;
    state.fcr = (value & FCR.ENABLE) !== 0 ? value & ~(FCR.CLEAR_RX | FCR.CLEAR_TX) : 0;
  }

  /** In loopback DTR, RTS, OUT1 and OUT2 come back as DSR, CTS, RI and DCD. */
  private writeMcr(value: number): void {
    const { state } = this;
    const wasLoop = (state.mcr & MCR.LOOP) !== 0;
    state.mcr = value;
    if ((value & MCR.LOOP) === 0) {
      if (wasLoop) this.changeModem(MODEM_READY);
      return;
    }
    const looped = (from: number, to: number) => ((value & from) !== 0 ? to : 0);
    this.changeModem(looped(MCR.DTR, MSR.DSR) | looped(MCR.RTS, MSR.CTS) | looped(MCR.OUT1, MSR.RI) | looped(MCR.OUT2, MSR.DCD));
  }

  private changeModem(levels: number): void {
    const { state } = this;
    const changed = (state.msr ^ levels) & 0xf0;
    let deltas = state.msr & MSR.DELTAS;
    if ((changed & MSR.CTS) !== 0) deltas |= MSR.DCTS;
    if ((changed & MSR.DSR) !== 0) deltas |= MSR.DDSR;
    if ((changed & MSR.RI & ~levels) !== 0) deltas |= MSR.TERI; // the trailing edge alone
    if ((changed & MSR.DCD) !== 0) deltas |= MSR.DDCD;
    state.msr = levels | deltas;
  }
}
