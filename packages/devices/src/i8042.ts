/**
 * 8042 keyboard controller at ports 0x60 and 0x64: its own commands, the A20 gate and the reset pin, and two PS/2 ports. IBM PS/2 Hardware
 * Interface Technical Reference, "Keyboard and Auxiliary Device Controller". A port without a device answers with a time-out, as
 * hardware does. Not modelled: scan code translation (a keyboard here would send set 1), password, test and diagnostic commands.
 */
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import { hex } from './log.ts';

/** Status at port 0x64. */
const Status = { OBF: bit(0), SYS: bit(2), COMMAND: bit(3), UNLOCKED: bit(4), AUX_OBF: bit(5), TIMEOUT: bit(6) } as const;
/** The command byte ("mode"). */
const Mode = { KBD_INT: bit(0), AUX_INT: bit(1), SYS: bit(2), KBD_OFF: bit(4), AUX_OFF: bit(5), TRANSLATE: bit(6) } as const;
/** Output port. */
const Out = { NO_RESET: bit(0), A20: bit(1), AFTER_RESET: 0xcf } as const;
/** Commands at port 0x64. */
const Command = {
  READ_RAM: 0x20, WRITE_RAM: 0x60, AUX_OFF: 0xa7, AUX_ON: 0xa8, AUX_TEST: 0xa9, SELF_TEST: 0xaa, KBD_TEST: 0xab, KBD_OFF: 0xad, KBD_ON: 0xae,
  READ_INPUT: 0xc0, READ_OUTPUT: 0xd0, WRITE_OUTPUT: 0xd1, WRITE_KBD_BUFFER: 0xd2, WRITE_AUX_BUFFER: 0xd3, WRITE_AUX: 0xd4,
  A20_OFF: 0xdd, A20_ON: 0xdf, PULSE: 0xf0,
} as const;
const SELF_TEST_PASSED = 0x55;
const PORT_TEST_PASSED = 0x00;
/** Input port: keyboard not locked. */
const INPUT_PORT = 0x80;
const RESEND = 0xfe;
const NONE = -1;
const RAM_BYTES = 32;
/** Where a byte in the queue comes from, above its eight bits. */
const From = { AUX: bit(8), TIMEOUT: bit(9) } as const;

/** What is plugged into a PS/2 port. It answers through `I8042.receive`. */
export interface Ps2Peripheral {
  write(byte: number): void;
}

export interface I8042State {
  ram: Uint8Array;
  outputPort: number;
  /** The command that waits for its data byte, or -1. */
  pending: number;
  /** The output buffer's byte with its source, or -1. */
  output: number;
  /** Bytes that wait for the output buffer. */
  queue: number[];
  selfTested: boolean;
  commandLast: boolean;
}

export class I8042 extends Device<I8042State> {
  /** Keyboard interrupt: IRQ 1. */
  readonly keyboardIrq = this.line('irq1');
  /** Mouse interrupt: IRQ 12. */
  readonly auxIrq = this.line('irq12');
  /** The A20 gate: high lets address line 20 through. */
  readonly a20 = this.line('a20');
  /** Pulses when the guest pulls the processor's reset pin. */
  readonly resetRequest = this.line('reset');
  /** Port 0x60. */
  readonly dataPort: IoRegion = {
    name: 'i8042-data',
    size: 1,
    read: () => this.readData(),
    write: (_offset, _bytes, value) => this.writeData(value),
  };
  /** Port 0x64. */
  readonly commandPort: IoRegion = {
    name: 'i8042-cmd',
    size: 1,
    read: () => this.status(),
    write: (_offset, _bytes, value) => this.command(value),
  };
  /** What is plugged in; nothing at first. */
  keyboard: Ps2Peripheral | undefined;
  mouse: Ps2Peripheral | undefined;

  constructor(env: DeviceEnv) {
    super('i8042', env);
    this.reset();
  }

  protected initial(): I8042State {
    const ram = new Uint8Array(RAM_BYTES);
    ram[0] = Mode.KBD_INT | Mode.AUX_INT;
    return { ram, outputPort: Out.AFTER_RESET, pending: NONE, output: NONE, queue: [], selfTested: false, commandLast: true };
  }

  protected override limits() {
    return { outputPort: 0xff, queue: 0x3ff };
  }

  /** A byte arrives from the keyboard or the mouse. */
  receive(byte: number, from: 'keyboard' | 'mouse'): void {
    this.push(from === 'mouse' ? byte | From.AUX : byte);
  }

  protected override update(): void {
    const { output, outputPort } = this.state;
    const isAux = output !== NONE && (output & From.AUX) !== 0;
    this.keyboardIrq.set(output !== NONE && !isAux && (this.mode & Mode.KBD_INT) !== 0);
    this.auxIrq.set(isAux && (this.mode & Mode.AUX_INT) !== 0);
    this.a20.set((outputPort & Out.A20) !== 0);
  }

  private get mode(): number {
    return this.state.ram[0]!;
  }

  /** Puts a byte into the output buffer, or behind those that wait for it. */
  private push(byte: number): void {
    this.state.queue.push(byte);
    this.next();
  }

  private next(): void {
    const { state } = this;
    if (state.output === NONE) state.output = state.queue.shift() ?? NONE;
    this.update();
  }

  private readData(): number {
    const { state } = this;
    const byte = state.output === NONE ? 0 : state.output & 0xff;
    state.output = NONE;
    this.update(); // the interrupt goes away before the next byte brings a new edge
    this.next();
    return byte;
  }

  private status(): number {
    const { output, selfTested, commandLast } = this.state;
    let value = Status.UNLOCKED | (commandLast ? Status.COMMAND : 0);
    if (selfTested || (this.mode & Mode.SYS) !== 0) value |= Status.SYS;
    if (output === NONE) return value;
    value |= Status.OBF;
    if ((output & From.AUX) !== 0) value |= Status.AUX_OBF;
    if ((output & From.TIMEOUT) !== 0) value |= Status.TIMEOUT;
    return value;
  }

  private writeData(value: number): void {
    const { state } = this;
    const { pending } = state;
    state.pending = NONE;
    state.commandLast = false;
    if (pending >= Command.WRITE_RAM && pending < Command.WRITE_RAM + RAM_BYTES) state.ram[pending - Command.WRITE_RAM] = value;
    else if (pending === Command.WRITE_OUTPUT) this.writeOutputPort(value);
    else if (pending === Command.WRITE_KBD_BUFFER) this.push(value);
    else if (pending === Command.WRITE_AUX_BUFFER) this.push(value | From.AUX);
    else if (pending === Command.WRITE_AUX) this.toPeripheral(this.mouse, value, From.AUX);
    else {
      state.ram[0]! &= ~Mode.KBD_OFF; // sending to the keyboard enables its port
      this.toPeripheral(this.keyboard, value, 0);
    }
    this.update();
  }

  private toPeripheral(peripheral: Ps2Peripheral | undefined, value: number, source: number): void {
    if (peripheral !== undefined) peripheral.write(value);
    else this.push(RESEND | From.TIMEOUT | source);
  }

  private writeOutputPort(value: number): void {
    this.state.outputPort = value | Out.NO_RESET;
    if ((value & Out.NO_RESET) === 0) this.resetRequest.pulse();
  }

  private command(value: number): void {
    const { state } = this;
    state.pending = NONE;
    state.commandLast = true;
    if (value >= Command.READ_RAM && value < Command.READ_RAM + RAM_BYTES) this.push(state.ram[value - Command.READ_RAM]!);
    else if (value >= Command.WRITE_RAM && value < Command.WRITE_RAM + RAM_BYTES) state.pending = value;
    else if (value >= Command.PULSE) this.pulse(value);
    else this.plainCommand(value);
    this.update();
  }

  /** Pulses the output port's low bits that are 0: bit 0 is the reset pin. */
  private pulse(value: number): void {
    if ((value & Out.NO_RESET) === 0) this.resetRequest.pulse();
  }

  private plainCommand(value: number): void {
    const { state } = this;
    switch (value) {
      case Command.AUX_OFF:
        state.ram[0]! |= Mode.AUX_OFF;
        return;
      case Command.AUX_ON:
        state.ram[0]! &= ~Mode.AUX_OFF;
        return;
      case Command.KBD_OFF:
        state.ram[0]! |= Mode.KBD_OFF;
        return;
      case Command.KBD_ON:
        state.ram[0]! &= ~Mode.KBD_OFF;
        return;
      case Command.AUX_TEST:
      case Command.KBD_TEST:
        this.push(PORT_TEST_PASSED);
        return;
      case Command.SELF_TEST:
        state.selfTested = true;
        this.push(SELF_TEST_PASSED);
        return;
      case Command.READ_INPUT:
        this.push(INPUT_PORT);
        return;
      case Command.READ_OUTPUT:
        this.push(state.outputPort);
        return;
      case Command.WRITE_OUTPUT:
      case Command.WRITE_KBD_BUFFER:
      case Command.WRITE_AUX_BUFFER:
      case Command.WRITE_AUX:
        state.pending = value;
        return;
      case Command.A20_OFF:
      case Command.A20_ON:
        state.outputPort = value === Command.A20_ON ? state.outputPort | Out.A20 : state.outputPort & ~Out.A20;
        return;
      default:
        this.guestError(`unknown command ${hex(value)}`);
    }
  }
}
