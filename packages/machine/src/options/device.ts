/** `-device`, `-global` and the properties of the devices that can be added. One row a driver; `-device help` lists them. */
import { OptionError } from './errors.ts';
import { SubOptions } from './suboptions.ts';
import type { DeviceDriver, DeviceOptions, VirtioOptions } from './types.ts';

interface Driver {
  readonly summary: string;
  parse(sub: SubOptions): DeviceOptions;
}

/** QEMU's other names for the same device on a PC. */
const ALIASES: Readonly<Record<string, DeviceDriver>> = {
  'virtio-blk': 'virtio-blk-pci', 'virtio-rng': 'virtio-rng-pci', 'virtio-serial': 'virtio-serial-pci',
};

export const DRIVERS: { readonly [D in DeviceDriver]: Driver } = {
  'virtio-blk-pci': {
    summary: 'disk: drive=ID[,serial=TEXT][,num-queues=N][,queue-size=N][,logical_block_size=N][,physical_block_size=N]',
    parse: (sub) => ({
      driver: 'virtio-blk-pci', drive: sub.need('drive'), serial: sub.take('serial'), numQueues: sub.number('num-queues', 1, 64),
      queueSize: sub.number('queue-size', 2, 1024), logicalBlockSize: sub.size('logical_block_size'),
      physicalBlockSize: sub.size('physical_block_size'), ...virtio(sub),
    }),
  },
  'virtio-rng-pci': {
    summary: 'random numbers from the host',
    parse: (sub) => ({ driver: 'virtio-rng-pci', ...virtio(sub) }),
  },
  'virtio-serial-pci': {
    summary: 'bus of paravirtual consoles: [max_ports=N]',
    parse: (sub) => ({ driver: 'virtio-serial-pci', maxPorts: sub.number('max_ports', 1, 511), ...virtio(sub) }),
  },
  virtconsole: {
    summary: 'console (/dev/hvc0) on a virtio-serial-pci: chardev=ID[,name=TEXT]',
    parse: (sub) => ({ driver: 'virtconsole', ...port(sub) }),
  },
  virtserialport: {
    summary: 'port (/dev/virtio-ports/NAME) on a virtio-serial-pci: chardev=ID[,name=TEXT]',
    parse: (sub) => ({ driver: 'virtserialport', ...port(sub) }),
  },
  'isa-debug-exit': {
    summary: 'a write of V ends the emulator with status (V<<1)|1: [iobase=0x501][,iosize=2]',
    parse: (sub) => ({ driver: 'isa-debug-exit', iobase: ioPort(sub, 'iobase', 0x501), iosize: sub.number('iosize', 1, 4) ?? 2 }),
  },
  'isa-debugcon': {
    summary: 'writes go to a character device: chardev=ID[,iobase=0xe9]',
    parse: (sub) => ({ driver: 'isa-debugcon', chardev: sub.need('chardev'), iobase: ioPort(sub, 'iobase', 0xe9) }),
  },
  pvpanic: {
    summary: 'tells the emulator that the guest panicked: [ioport=0x505]',
    parse: (sub) => ({ driver: 'pvpanic', ioport: ioPort(sub, 'ioport', 0x505) }),
  },
};

const ioPort = (sub: SubOptions, key: string, otherwise: number): number => sub.number(key, 0, 0xffff) ?? otherwise;

function virtio(sub: SubOptions): VirtioOptions {
  sub.take('id');
  const addr = sub.take('addr');
  return {
    disableLegacy: sub.bool('disable-legacy'), vectors: sub.number('vectors', 0, 2048),
    slot: addr === undefined ? undefined : Number.parseInt(addr, 16) & 31,
  };
}

function port(sub: SubOptions): { chardev: string; name?: string } {
  sub.take('id');
  return { chardev: sub.need('chardev'), name: sub.take('name') };
}

/** A `-global` as the driver's default properties. */
export type Globals = ReadonlyMap<string, readonly string[]>;

export function parseDevice(text: string, globals: Globals): DeviceOptions {
  const [name = ''] = text.split(',', 1);
  const driver = driverOf(name, '-device');
  const defaults = globals.get(driver) ?? [];
  const sub = new SubOptions(`-device ${name}`, [...defaults, ...text.split(/,(?!,)/).slice(1)].join(','));
  const device = DRIVERS[driver].parse(sub);
  sub.end();
  return device;
}

/** The driver's name of a name or alias. */
export function canonicalDriver(name: string): DeviceDriver | undefined {
  const canonical = ALIASES[name] ?? name;
  return Object.hasOwn(DRIVERS, canonical) ? (canonical as DeviceDriver) : undefined;
}

/** The canonical driver name. @throws OptionError that lists the drivers. */
export function driverOf(name: string, option: string): DeviceDriver {
  const canonical = canonicalDriver(name);
  if (canonical) return canonical;
  throw new OptionError(`${option} ${name}: this device is not emulated; use one of ${Object.keys(DRIVERS).join(', ')}`);
}

/** `driver.property=value`, or the long form with driver=, property= and value=. */
export function parseGlobal(text: string): [driver: DeviceDriver, property: string] {
  const short = /^([\w-]+)\.([\w-]+)=(.*)$/.exec(text);
  if (short) return [driverOf(short[1]!, '-global'), `${short[2]}=${short[3]}`];
  const sub = new SubOptions('-global', text);
  const global: [DeviceDriver, string] = [driverOf(sub.need('driver'), '-global'), `${sub.need('property')}=${sub.need('value')}`];
  sub.end();
  return global;
}
