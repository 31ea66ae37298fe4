/** The devices that options add to the board: virtio disks, entropy, consoles, and the debug ports. */
import {
  BlockError, DebugConsole, DebugExit, OverlayBlock, Pvpanic, PvpanicEvent, ReadonlyBlock, VirtioBlk, VirtioConsole, VirtioRng,
  type BlockBackend, type CompletionQueue, type ConsolePort, type DeviceEnv, type GuestMemory,
} from '@emu/devices';
import type { Outlet, Outlets } from './console.ts';
import { MachineError, ofOption } from './errors.ts';
import type { MachineHost } from './host.ts';
import type { DeviceOptions, DriveOptions, MachineOptions } from './options/types.ts';
import type { Board } from './pc.ts';

type DeviceOf<D extends DeviceOptions['driver']> = Extract<DeviceOptions, { driver: D }>;

export interface CardContext {
  readonly board: Board;
  readonly env: DeviceEnv;
  readonly memory: GuestMemory;
  readonly completions: CompletionQueue;
  readonly options: MachineOptions;
  readonly outlets: Outlets;
  readonly disks: ReadonlyMap<string, BlockBackend>;
  onExit(status: number): void;
  onPanic(): void;
  onDiskError(drive: string, error: BlockError): void;
}

/** Opens every drive. @throws MachineError or the host's error, which names the file. */
export async function openDisks(drives: readonly DriveOptions[], host: MachineHost): Promise<Map<string, BlockBackend>> {
  const disks = new Map<string, BlockBackend>();
  try {
    for (const drive of drives) {
      if (disks.has(drive.id)) throw new MachineError(`-drive id=${drive.id} is used twice; give each drive an id of its own`);
      disks.set(drive.id, await openDisk(drive, host).catch((error: unknown) => { throw ofOption('-drive', error); }));
    }
  } catch (error) {
    for (const disk of disks.values()) await disk.close();
    throw error;
  }
  return disks;
}

async function openDisk(drive: DriveOptions, host: MachineHost): Promise<BlockBackend> {
  const { file, snapshot } = drive;
  const base = typeof file === 'string' ? await host.openDisk({ ...drive, file, readonly: drive.readonly || snapshot }) : file;
  if (snapshot) return new OverlayBlock(base);
  return drive.readonly && !base.readonly ? new ReadonlyBlock(base) : base;
}

/** Adds the devices of the options to the board. @throws MachineError */
export function addCards(c: CardContext): void {
  const { devices } = c.options;
  const used = new Set<string>();
  devices.forEach((device, n) => {
    switch (device.driver) {
      case 'virtio-blk-pci': return addDisk(c, device, n, used);
      case 'virtio-rng-pci': return addRng(c, device, n);
      case 'virtio-serial-pci': return addConsole(c, device, n);
      case 'isa-debug-exit': return addDebugExit(c, device);
      case 'isa-debugcon': return addDebugConsole(c, device);
      case 'pvpanic': return addPvpanic(c, device);
      case 'virtconsole': case 'virtserialport': // made with their bus
        if (!devices.some((d) => d.driver === 'virtio-serial-pci')) throw new MachineError(`-device ${device.driver} needs a bus: add -device virtio-serial-pci before it`);
    }
  });
}

function addDisk(c: CardContext, d: DeviceOf<'virtio-blk-pci'>, n: number, used: Set<string>): void {
  const backend = c.disks.get(d.drive);
  if (!backend) throw new MachineError(`-device virtio-blk-pci,drive=${d.drive}: there is no -drive with id=${d.drive}`);
  if (used.has(d.drive)) throw new MachineError(`-device virtio-blk-pci,drive=${d.drive}: another device has that drive already`);
  used.add(d.drive);
  const { numQueues, queueSize, logicalBlockSize, physicalBlockSize, serial, disableLegacy, vectors } = d;
  c.board.pci.add(c.board.add(new VirtioBlk(`virtio-blk${n}`, c.env, {
    memory: c.memory, backend, completions: c.completions, numQueues, queueSize, logicalBlockSize, physicalBlockSize, serial, disableLegacy, vectors,
    onHostError: (error) => c.onDiskError(d.drive, error),
  })), d.slot);
}

function addRng(c: CardContext, d: DeviceOf<'virtio-rng-pci'>, n: number): void {
  const { seed, icount } = c.options;
  const { disableLegacy, vectors } = d;
  const device = new VirtioRng(`virtio-rng${n}`, c.env, { memory: c.memory, seed: seed ?? (icount ? 1 : undefined), disableLegacy, vectors });
  c.board.pci.add(c.board.add(device), d.slot);
}

function addConsole(c: CardContext, d: DeviceOf<'virtio-serial-pci'>, n: number): void {
  const outlets: Outlet[] = [];
  const ports = c.options.devices.flatMap((p): ConsolePort[] => {
    if (p.driver !== 'virtconsole' && p.driver !== 'virtserialport') return [];
    const outlet = c.outlets.open(chardev(c, p.chardev, p.driver), '-chardev');
    outlets.push(outlet);
    return [{ console: p.driver === 'virtconsole', name: p.name, backend: outlet }];
  });
  if (ports.length === 0) throw new MachineError('-device virtio-serial-pci has no port; add -device virtconsole,chardev=ID');
  const { disableLegacy, vectors, maxPorts } = d;
  const device = c.board.add(new VirtioConsole(`virtio-serial${n}`, c.env, { memory: c.memory, ports, maxPorts, disableLegacy, vectors }));
  outlets.forEach((outlet, port) => outlet.onInput((bytes) => void device.receive(port, bytes)));
  c.board.pci.add(device, d.slot);
}

function addDebugExit(c: CardContext, d: DeviceOf<'isa-debug-exit'>): void {
  const size = d.iosize === 1 || d.iosize === 4 ? d.iosize : 2;
  c.board.io.map(d.iobase, c.board.add(new DebugExit(c.env, (status) => c.onExit(status), size)).ports);
}

function addDebugConsole(c: CardContext, d: DeviceOf<'isa-debugcon'>): void {
  const outlet = c.outlets.open(chardev(c, d.chardev, d.driver), '-chardev');
  c.board.io.map(d.iobase, c.board.add(new DebugConsole(`debugcon${d.iobase}`, c.env, outlet)).port);
}

function addPvpanic(c: CardContext, d: DeviceOf<'pvpanic'>): void {
  const device = new Pvpanic(c.env, (event) => { if (event & PvpanicEvent.PANICKED) c.onPanic(); });
  c.board.io.map(d.ioport, c.board.add(device).port);
}

function chardev(c: CardContext, id: string, driver: string) {
  const source = c.options.chardevs[id];
  if (source) return source;
  throw new MachineError(`-device ${driver},chardev=${id}: there is no -chardev with id=${id}`);
}
