/** virtio-console: serial ports over virtio (virtio 1.2, 5.3), as QEMU's virtio-serial-pci with virtconsole and virtserialport.
 *
 *  Port 0 always exists; with VIRTIO_CONSOLE_F_MULTIPORT a control queue pair announces the ports, opens and names them, and
 *  tells consoles their size. The size message has rows before columns, as Linux reads it; the specification (5.3.6.2) has it
 *  the other way round. Not modelled: removing ports, throttling output. */
import { bit } from './bits.ts';
import type { DeviceEnv } from './device.ts';
import { listOf, SnapshotError } from './snapshot.ts';
import type { SerialBackend } from './uart.ts';
import { VirtioId } from './virtio.ts';
import { VirtioPciDevice, type VirtioPciOptions } from './virtio-pci.ts';

/** Feature bits (5.3.3). */
export const VIRTIO_CONSOLE_F = { SIZE: bit(0), MULTIPORT: bit(1), EMERG_WRITE: bit(2) } as const;
/** Control events (5.3.6.2): codes. */
export const VIRTIO_CONSOLE = {
  DEVICE_READY: 0, PORT_ADD: 1, PORT_REMOVE: 2, PORT_READY: 3, CONSOLE_PORT: 4, RESIZE: 5, PORT_OPEN: 6, PORT_NAME: 7,
} as const;

const CONFIG = { COLS: 0, ROWS: 2, MAX_NR_PORTS: 4, EMERG_WR: 8, BYTES: 12 } as const;
const CONTROL_BYTES = 8;
const CLASS_COMMUNICATION = 0x078000;
const TRANSITIONAL_ID = 0x1003;
const QUEUE_SIZE = 128;
const CONTROL_QUEUE_SIZE = 32;
const CONTROL_RX = 2;
const CONTROL_TX = 3;
/** Bytes and messages that wait for a driver without buffers. */
const MAX_INPUT = 64 * 1024;
const MAX_CONTROL = 256;
/** No driver sends more at once; a hostile one could describe all of memory many times. */
const MAX_OUTPUT = 16 * 2 ** 20;

/** A port as the machine configures it. */
export interface ConsolePort {
  /** Becomes a tty (`hvcN`); default true. Others appear as `/dev/vport0pN`. */
  readonly console?: boolean;
  /** Shows as `/dev/virtio-ports/<name>` in the guest. */
  readonly name?: string;
  /** Receives what the guest writes. */
  readonly backend: SerialBackend;
}

export interface VirtioConsoleOptions extends VirtioPciOptions {
  /** At least one. */
  readonly ports: readonly ConsolePort[];
  /** Default 31, as in QEMU; the device has two queues for each of them and two for control. */
  readonly maxPorts?: number;
}

interface PortState {
  /** The guest has the port open. */
  guestOpen: boolean;
  /** Input that the driver has no buffer for yet. */
  input: number[];
}

export interface VirtioConsoleState {
  cols: number;
  rows: number;
  ports: PortState[];
  /** Control messages that the driver has no buffer for yet, each as its bytes. */
  control: { bytes: number[] }[];
}

/** Queue numbers of a port: control sits between ports 0 and 1 (5.3.2). */
const receiveQueue = (port: number): number => (port === 0 ? 0 : 2 + 2 * port);
const transmitQueue = (port: number): number => receiveQueue(port) + 1;
const portOfQueue = (queue: number): number => (queue < 2 ? 0 : (queue >> 1) - 1);

export class VirtioConsole extends VirtioPciDevice<VirtioConsoleState> {
  readonly #ports: readonly ConsolePort[];
  readonly #maxPorts: number;

  constructor(name: string, env: DeviceEnv, options: VirtioConsoleOptions) {
    const maxPorts = Math.max(options.ports.length, options.maxPorts ?? 31);
    const queueSizes = new Array<number>(2 * maxPorts + 2).fill(QUEUE_SIZE);
    queueSizes[CONTROL_RX] = queueSizes[CONTROL_TX] = CONTROL_QUEUE_SIZE;
    const multiport = maxPorts > 1;
    super(name, env, {
      type: VirtioId.CONSOLE,
      transitionalId: TRANSITIONAL_ID,
      classCode: CLASS_COMMUNICATION,
      features: { lo: VIRTIO_CONSOLE_F.SIZE | VIRTIO_CONSOLE_F.EMERG_WRITE | (multiport ? VIRTIO_CONSOLE_F.MULTIPORT : 0), hi: 0 },
      queueSizes: multiport ? queueSizes : queueSizes.slice(0, 2),
      configBytes: CONFIG.BYTES,
    }, { ...options, vectors: options.vectors ?? 2 });
    this.#ports = options.ports;
    this.#maxPorts = maxPorts;
    this.reset();
  }

  /** Gives the guest bytes to read from a port. They wait for the driver, up to 64 KiB; returns how many were taken. */
  receive(port: number, bytes: Uint8Array | readonly number[]): number {
    const state = this.state.device.ports[port];
    if (!state) return 0;
    const taken = Math.min(bytes.length, MAX_INPUT - state.input.length);
    for (let i = 0; i < taken; i++) state.input.push(bytes[i]!);
    this.#deliverInput(port);
    return taken;
  }

  /** Bytes that wait for the driver: pause the source while there are many. */
  backlog(port: number): number {
    return this.state.device.ports[port]?.input.length ?? 0;
  }

  /** The terminal's size in characters, for consoles. */
  resize(cols: number, rows: number): void {
    const { device } = this.state;
    [device.cols, device.rows] = [cols & 0xffff, rows & 0xffff];
    if (this.negotiated(VIRTIO_CONSOLE_F.MULTIPORT)) this.#ports.forEach((_port, id) => this.#sendSize(id));
    else this.configChanged();
  }

  protected override initialDevice(before?: VirtioConsoleState): VirtioConsoleState {
    return {
      cols: before?.cols ?? 80, rows: before?.rows ?? 25, control: [],
      ports: this.#ports.map(() => ({ guestOpen: false, input: [] })),
    };
  }

  protected override deviceShape(): VirtioConsoleState {
    return { ...this.initialDevice(), control: listOf<{ bytes: number[] }>({ bytes: [] }) };
  }

  protected override checkDevice({ cols, rows, ports, control }: VirtioConsoleState): void {
    const bytes = (list: readonly number[], max: number) => list.length <= max && list.every((byte) => byte >= 0 && byte <= 0xff);
    const sound = [cols, rows].every((n) => n >= 0 && n <= 0xffff) && ports.length === this.#ports.length
      && ports.every(({ input }) => bytes(input, MAX_INPUT)) && control.length <= MAX_CONTROL && control.every((m) => bytes(m.bytes, 1024));
    if (!sound) throw new SnapshotError(`${this.name}: the ports of the snapshot cannot be; it is damaged or of another device`);
  }

  override deviceConfig(): Uint8Array {
    const config = new DataView(new ArrayBuffer(CONFIG.BYTES));
    const { cols, rows } = this.state.device;
    config.setUint16(CONFIG.COLS, cols, true);
    config.setUint16(CONFIG.ROWS, rows, true);
    config.setUint32(CONFIG.MAX_NR_PORTS, this.#maxPorts, true);
    return new Uint8Array(config.buffer);
  }

  /** Emergency output needs no queue: for a guest that is about to die (5.3.5.1). */
  override writeDeviceConfig(offset: number, bytes: number, value: number): void {
    if (offset === CONFIG.EMERG_WR) this.#ports[0]!.backend.write(Uint8Array.of(value & 0xff));
    else super.writeDeviceConfig(offset, bytes, value);
  }

  protected override queueNotified(index: number): void {
    if (index === CONTROL_RX) this.#deliverControl();
    else if (index === CONTROL_TX) this.#receiveControl();
    else if (index === receiveQueue(portOfQueue(index))) this.#deliverInput(portOfQueue(index));
    else this.#transmit(portOfQueue(index));
  }

  #transmit(id: number): void {
    const queue = this.queues[transmitQueue(id)]!;
    let sent = false;
    for (let chain = queue.pop(); chain; chain = queue.pop()) {
      if (chain.readableBytes > MAX_OUTPUT) {
        this.broken(`queue ${queue.index}: output of ${chain.readableBytes} bytes at once`);
        return;
      }
      for (const bytes of chain.readableViews(0, chain.readableBytes)) this.#ports[id]?.backend.write(bytes.slice());
      queue.push(chain, 0);
      sent = true;
    }
    if (sent) this.interruptQueue(queue.index);
  }

  #deliverInput(id: number): void {
    const state = this.state.device.ports[id];
    if (!state || state.input.length === 0) return;
    const queue = this.queues[receiveQueue(id)]!;
    let delivered = false;
    while (state.input.length > 0) {
      const chain = queue.pop();
      if (!chain) break;
      const written = chain.write(0, Uint8Array.from(state.input.slice(0, chain.writableBytes)));
      state.input.splice(0, written);
      queue.push(chain, written);
      delivered = true;
    }
    if (delivered) this.interruptQueue(queue.index);
  }

  #receiveControl(): void {
    const queue = this.queues[CONTROL_TX]!;
    let taken = false;
    for (let chain = queue.pop(); chain; chain = queue.pop()) {
      const message = new DataView(new ArrayBuffer(CONTROL_BYTES));
      if (chain.read(0, new Uint8Array(message.buffer)) === CONTROL_BYTES) {
        this.#control(message.getUint32(0, true), message.getUint16(4, true), message.getUint16(6, true));
      } else this.guestError(`a control message of ${chain.readableBytes} bytes`);
      queue.push(chain, 0);
      taken = true;
    }
    if (taken) this.interruptQueue(CONTROL_TX);
    this.#deliverControl();
  }

  #control(id: number, event: number, value: number): void {
    if (event === VIRTIO_CONSOLE.DEVICE_READY) {
      if (value === 1) this.#ports.forEach((_port, port) => this.#queueControl(port, VIRTIO_CONSOLE.PORT_ADD, 1));
      else this.guestError('the driver could not start (DEVICE_READY 0)');
      return;
    }
    const port = this.#ports[id];
    if (!port) {
      this.guestError(`control event ${event} for port ${id}; there are ${this.#ports.length}`);
      return;
    }
    if (event === VIRTIO_CONSOLE.PORT_READY) {
      if (value === 1) this.#announce(id, port);
      else this.guestError(`the driver could not add port ${id} (PORT_READY 0)`);
    } else if (event === VIRTIO_CONSOLE.PORT_OPEN) this.state.device.ports[id]!.guestOpen = value === 1;
    else this.guestError(`control event ${event} is not one of a driver`);
  }

  /** What a driver needs to know of a port that it has set up. */
  #announce(id: number, port: ConsolePort): void {
    const { CONSOLE_PORT, PORT_NAME, PORT_OPEN } = VIRTIO_CONSOLE;
    if (port.console !== false) {
      this.#queueControl(id, CONSOLE_PORT, 1);
      this.#sendSize(id);
    }
    if (port.name !== undefined) this.#queueControl(id, PORT_NAME, 1, [...new TextEncoder().encode(port.name)]);
    this.#queueControl(id, PORT_OPEN, 1);
  }

  #sendSize(id: number): void {
    if (this.#ports[id]!.console === false) return;
    const { cols, rows } = this.state.device;
    this.#queueControl(id, VIRTIO_CONSOLE.RESIZE, 0, [rows & 0xff, rows >> 8, cols & 0xff, cols >> 8]);
    this.#deliverControl();
  }

  #queueControl(id: number, event: number, value: number, payload: readonly number[] = []): void {
    const { control } = this.state.device;
    if (control.length >= MAX_CONTROL) control.shift();
    const word = (n: number, bytes: number) => Array.from({ length: bytes }, (_, i) => (n >>> (8 * i)) & 0xff);
    control.push({ bytes: [...word(id, 4), ...word(event, 2), ...word(value, 2), ...payload] });
  }

  #deliverControl(): void {
    const { control } = this.state.device;
    const queue = this.queues[CONTROL_RX];
    if (!queue || !this.negotiated(VIRTIO_CONSOLE_F.MULTIPORT)) return;
    let delivered = false;
    while (control.length > 0) {
      const chain = queue.pop();
      if (!chain) break;
      const { bytes } = control.shift()!;
      queue.push(chain, chain.write(0, Uint8Array.from(bytes)));
      delivered = true;
    }
    if (delivered) this.interruptQueue(CONTROL_RX);
  }
}
