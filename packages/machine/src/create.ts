/** `createMachine`: from a description to a PC that can run. The same in Node and in a worker; the host is handed in. */
import { CompletionQueue, LinearTsc, type DeviceEnv, type Log } from '@emu/devices';
import { BusMemory } from '@emu/softmmu';
import { createTbLookup, Engine, JumpCache, PhysCache } from '@emu/tcg';
import { Tci } from '@emu/tci';
import { Arena } from '@emu/vaddr';
import { CpuModel, createX86, type X86Bus, type X86Guest } from '@emu/x86';
import { findMultiboot } from './boot/multiboot.ts';
import { isBzImage } from './boot/bzimage.ts';
import { Image } from './boot/image.ts';
import { FOUR_GIB, ramLayout } from './boot/layout.ts';
import type { BootModule } from './boot/types.ts';
import { addCards, openDisks } from './cards.ts';
import { IcountClock, RealtimeClock } from './clock.ts';
import { Outlets } from './console.ts';
import { enterKernel } from './cpu-state.ts';
import { MachineError } from './errors.ts';
import { bootKernel } from './firmware.ts';
import { memoryHost, type MachineHost } from './host.ts';
import { Machine } from './machine.ts';
import { PcMemory } from './memory.ts';
import { DEFAULT_OPTIONS, type FileSource, type MachineOptions } from './options/types.ts';
import { Board } from './pc.ts';
import { SliceGuest } from './slice-guest.ts';
import { randomWords } from './random.ts';

/** The counter that RDTSC shows runs at 1 GHz: one tick a virtual nanosecond. */
const TSC_HZ = 1e9;
const DEFAULT_CODE_BYTES = 32 * 2 ** 20;
/** What the arena holds beside RAM and translated code: TLBs, TB records, jump cache, CPU state. */
const OVERHEAD_BYTES = 64 * 2 ** 20;
const FIRST_ICOUNT_SHIFT = 3;

/**
 * Makes a PC; `machine.run()` powers it on. What `options` leaves out is as in `DEFAULT_OPTIONS`.
 * @throws EmuError subclasses, each message one line: a file that is missing, a kernel that cannot be booted, impossible sizes.
 */
export async function createMachine(options: Partial<MachineOptions>, host: MachineHost = memoryHost()): Promise<Machine> {
  const o: MachineOptions = { ...DEFAULT_OPTIONS, ...options };
  if (o.kernel === undefined) throw new MachineError('There is nothing to boot: give -kernel FILE (there is no BIOS to boot a disk with)');
  if (o.accel.kind === 'jit') throw new MachineError('-accel jit: the compiler is not part of this build; use -accel tci');
  const files = await readFiles(o, o.kernel, host);
  const disks = await openDisks(o.drives, host);
  try {
    return assemble(o, host, files, disks);
  } catch (error) {
    for (const disk of disks.values()) await disk.close();
    throw error;
  }
}

interface Files {
  kernel: { data: Uint8Array; name: string };
  initrd?: Uint8Array;
  modules?: BootModule[];
  fwCfg: { name: string; data: Uint8Array }[];
}

async function readFiles(o: MachineOptions, kernel: FileSource, host: MachineHost): Promise<Files> {
  const read = async (source: FileSource): Promise<Uint8Array> => (typeof source === 'string' ? host.readFile(source) : source);
  const data = await read(kernel);
  const name = typeof kernel === 'string' ? kernel : 'kernel';
  const fwCfg = await Promise.all(o.fwCfg.map(async (f) => ({ name: f.name, data: await read(f.data) })));
  const image = new Image(data, name);
  const multiboot = !isBzImage(image) && findMultiboot(image) !== undefined;
  if (o.initrd === undefined) return { kernel: { data, name }, fwCfg };
  if (!multiboot || typeof o.initrd !== 'string') return { kernel: { data, name }, initrd: await read(o.initrd), fwCfg };
  const modules = o.initrd.split(',').map(async (args) => ({ args, data: await read(args.split(' ', 1)[0]!) }));
  return { kernel: { data, name }, modules: await Promise.all(modules), fwCfg };
}

function assemble(o: MachineOptions, host: MachineHost, files: Files, disks: Awaited<ReturnType<typeof openDisks>>): Machine {
  const ram = ramLayout(o.memory);
  const codeBytes = o.accel.tbSizeBytes ?? DEFAULT_CODE_BYTES;
  const arenaBytes = o.memory + codeBytes + OVERHEAD_BYTES;
  if (arenaBytes > FOUR_GIB) {
    throw new MachineError(`-m gives ${o.memory / 2 ** 20} MiB of RAM; at most ${(FOUR_GIB - codeBytes - OVERHEAD_BYTES) / 2 ** 20} MiB fit beside the emulator's own tables`);
  }
  const arena = new Arena(arenaBytes);
  const memory = new PcMemory(arena, ram);
  const { map } = memory;
  const busMemory = new BusMemory(map);
  const model = new CpuModel([o.cpu.model, ...Object.entries(o.cpu.features).map(([f, on]) => `${on ? '+' : '-'}${f}`)].join(','));

  // The engine needs the CPU, which needs the bus, which needs the board, whose lines end at the engine: late-bound here and only here.
  let engine!: Engine, board!: Board, guest!: X86Guest, machine!: Machine;
  const clock = o.icount
    ? new IcountClock(o.icount.shift === 'auto' ? FIRST_ICOUNT_SHIFT : o.icount.shift, () => engine?.instructions ?? 0)
    : new RealtimeClock(() => host.nowMs());
  const log: Log = {
    guestError: (device, message) => { if (o.log.includes('guest_errors')) host.log(`${device}: ${message}`); },
    unimp: (device, message) => { if (o.log.includes('unimp')) host.log(`${device}: ${message} (unimplemented)`); },
  };
  const env: DeviceEnv = { clock, log };
  const tsc = new LinearTsc(clock, TSC_HZ);
  const words = new Uint32Array(2);
  const random = randomWords(o.seed ?? (o.icount ? 1 : undefined));
  const bus: X86Bus = {
    ioRead: (port, bytes) => board.io.read(port, bytes),
    ioWrite: (port, bytes, value) => board.io.write(port, bytes, value),
    acknowledge: () => board.lapic.acknowledge(),
    tsc: () => {
      tsc.read(words);
      return words[0]! | 0;
    },
    tscHi: () => words[1]! | 0,
    apic: {
      readMsr: (index, out) => {
        if (!board.lapic.readMsr(index)) return false;
        out.lo = board.lapic.msrLow | 0;
        out.hi = board.lapic.msrHigh | 0;
        return true;
      },
      writeMsr: (index, lo, hi) => board.lapic.writeMsr(index, lo >>> 0, hi >>> 0),
      setBase: (lo, hi) => void board.lapic.writeMsr(0x1b, lo >>> 0, hi >>> 0),
      tpr: () => board.lapic.cr8,
      setTpr: (value) => { board.lapic.cr8 = value; },
    },
    shutdown: () => machine.guestReset(),
    ferr: () => board.fpuError(),
    random32: random,
    logs: (kind) => o.log.includes(kind === 'guest_error' ? 'guest_errors' : kind),
    log: (_kind, text) => host.log(text),
  };
  const x86 = createX86({ arena, map, bus, model, onCodeWrite: (at, bytes) => !engine.codeWrite(at, bytes), onFlush: () => engine?.flushJumpCache() });
  const { cpu, header, registry } = x86;
  guest = x86.guest;
  const slices = new SliceGuest(guest);
  const jumpCache = new JumpCache(arena), physCache = new PhysCache(arena);
  const lookup = createTbLookup({ arena, header, jumpCache, physCache, emitHostPc: x86.emitHostPc });
  const backend = new Tci({ arena, header, jumpCache, helpers: registry, memory: x86.mmu, codeBytes, lookup });
  engine = new Engine({
    arena, header, jumpCache, physCache, guest: slices, backend, helpers: registry,
    codePages: { protect: (page) => map.protectCode(page), unprotect: (page) => map.unprotect(page) },
  });
  map.onCodeWrite = (at, bytes) => engine.invalidatePhys(at, bytes);

  const outlets = new Outlets(host);
  const serials = o.serials.map((source) => (source.type === 'none' ? undefined : outlets.open(source)));
  const completions = new CompletionQueue({ mode: o.icount ? 'icount' : 'realtime', now: () => clock.now(), onReady: () => machine.attention() });
  board = new Board({
    env, memory, bus: busMemory, ram, serials,
    tsc: {
      nsOf: (low, high) => {
        tsc.offsetLow = cpu.s.tscOffsetLo >>> 0;
        tsc.offsetHigh = cpu.s.tscOffsetHi >>> 0;
        const ns = tsc.nsOf(low, high);
        tsc.offsetLow = tsc.offsetHigh = 0;
        return ns;
      },
    },
    startSeconds: startSeconds(o, host),
    cpu: {
      nmi: () => {
        cpu.nmi();
        machine?.attention();
      },
      smi: () => {},
      init: () => {},
      startup: () => {},
    },
    onReset: () => machine.guestReset(),
    onPowerOff: () => machine.guestPowerOff(),
    onA20: (on) => {
      cpu.s.a20 = on ? 1 << 20 : 0;
      cpu.mmu.flushAll();
    },
  });
  serials.forEach((outlet, n) => outlet?.onInput((bytes) => {
    board.uarts[n]!.receive(bytes);
    machine.attention();
  }));
  board.lapic.intr.connect((level) => {
    cpu.setIntr(level);
    if (level) machine?.attention();
  });
  for (const { name, data } of files.fwCfg) board.fwCfg.addFile(name, data);
  addCards({
    board, env, memory: busMemory, completions, options: o, outlets, disks,
    onExit: (status) => machine.endWith({ reason: 'debug-exit', status }),
    onPanic: () => log.guestError('pvpanic', 'the guest reports that it panicked'),
    onDiskError: (drive, error) => host.log(`drive ${drive}: ${error.message}`),
  });
  const boot = (): void => {
    const entry = bootKernel(memory.firmware, {
      ram, acpi: o.acpi, kernel: files.kernel, append: o.append, initrd: files.initrd, modules: files.modules,
      serials: serials.map((s) => s !== undefined), pvpanic: o.devices.some((d) => d.driver === 'pvpanic'),
    });
    enterKernel(cpu, entry, ram);
  };
  machine = new Machine({
    options: o, host, clock, engine, slices, cpu, board, completions, outlets, boot,
    close: async () => {
      await completions.drain();
      for (const disk of disks.values()) {
        if (!disk.readonly) await disk.flush().catch((error: Error) => host.log(error.message));
        await disk.close();
      }
      outlets.close();
    },
  });
  return machine;
}

/** The guest's calendar at power-on. A deterministic machine that was told nothing starts at a fixed date. */
function startSeconds({ rtc, icount, seed }: MachineOptions, host: MachineHost): number {
  if (typeof rtc.base === 'number') return Math.floor(rtc.base / 1000);
  void seed;
  void icount;
  const { ms, offsetMinutes } = host.wallClock();
  return Math.floor(ms / 1000) - (rtc.base === 'localtime' ? offsetMinutes * 60 : 0);
}
