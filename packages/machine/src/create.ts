/** `createMachine`: from a description to a PC that can run. The same in Node and in a worker; the host is handed in. */
import { CompletionQueue, type BlockBackend, type DeviceEnv, type Log } from '@emu/devices';
import { BusMemory } from '@emu/softmmu';
import { Arena } from '@emu/vaddr';
import { loadKernel } from './boot/boot.ts';
import { findMultiboot } from './boot/multiboot.ts';
import { isBzImage } from './boot/bzimage.ts';
import { Image } from './boot/image.ts';
import { FOUR_GIB, MIB, ramLayout } from './boot/layout.ts';
import type { BootModule } from './boot/types.ts';
import { addCards, openDisks } from './cards.ts';
import { IcountClock, RealtimeClock } from './clock.ts';
import { Outlets } from './console.ts';
import { CpuBus } from './cpu-bus.ts';
import { enterKernel } from './cpu-state.ts';
import { MachineError, ofOption } from './errors.ts';
import { bootKernel } from './firmware.ts';
import { memoryHost, type MachineHost } from './host.ts';
import { Machine } from './machine.ts';
import { PcMemory } from './memory.ts';
import { DEFAULT_OPTIONS, type FileSource, type IcountOptions, type MachineOptions } from './options/types.ts';
import { Board } from './pc.ts';
import { createProcessor, type Processor } from './processor.ts';

const DEFAULT_CODE_BYTES = 32 * MIB;
/** What the arena holds beside RAM and translated code: TLBs, TB records, jump cache, CPU state. */
const OVERHEAD_BYTES = 64 * MIB;
const FIRST_ICOUNT_SHIFT = 3;

/**
 * Makes a PC; `machine.run()` powers it on. What `options` leaves out is as in `DEFAULT_OPTIONS`.
 * @throws EmuError subclasses, each message one line: a file that is missing, a kernel that cannot be booted, impossible sizes.
 */
export async function createMachine(options: Partial<MachineOptions>, host: MachineHost = memoryHost()): Promise<Machine> {
  const o: MachineOptions = { ...DEFAULT_OPTIONS, ...options };
  if (o.kernel === undefined) throw new MachineError('There is nothing to boot: give -kernel FILE (there is no BIOS to boot a disk with)');
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
  const read = async (option: string, source: FileSource): Promise<Uint8Array> => {
    if (typeof source !== 'string') return source;
    return host.readFile(source).catch((error: unknown) => { throw ofOption(option, error); });
  };
  const data = await read('-kernel', kernel);
  const name = typeof kernel === 'string' ? `-kernel ${kernel}` : '-kernel';
  const fwCfg = await Promise.all(o.fwCfg.map(async (f) => ({ name: f.name, data: await read('-fw_cfg', f.data) })));
  const image = new Image(data, name);
  const multiboot = !isBzImage(image) && findMultiboot(image) !== undefined;
  if (o.initrd === undefined) return { kernel: { data, name }, fwCfg };
  if (!multiboot || typeof o.initrd !== 'string') return { kernel: { data, name }, initrd: await read('-initrd', o.initrd), fwCfg };
  const modules = o.initrd.split(',').map(async (args) => ({ args, data: await read('-initrd', args.split(' ', 1)[0]!) }));
  return { kernel: { data, name }, modules: await Promise.all(modules), fwCfg };
}

function assemble(o: MachineOptions, host: MachineHost, files: Files, disks: ReadonlyMap<string, BlockBackend>): Machine {
  const ram = ramLayout(o.memory);
  loadKernel({ write: () => {} }, ram, files.kernel, { ...files, append: o.append, rsdp: 0 }); // says now what is wrong with the files
  const { arena, codeBytes } = makeArena(o);
  const memory = new PcMemory(arena, ram);
  const busMemory = new BusMemory(memory.map);
  const late: { processor?: Processor; machine?: Machine } = {}; // time is counted in the processor's instructions; all parts call the machine, once it runs
  const clock = o.icount ? new IcountClock(firstShift(o.icount), () => late.processor?.engine.instructions ?? 0) : new RealtimeClock(() => host.nowMs());
  const env: DeviceEnv = { clock, log: deviceLog(o, host) };
  const bus = new CpuBus(o, host, clock);
  const processor = late.processor = createProcessor(arena, memory.map, bus, o, codeBytes, (line) => host.log(line));
  const { cpu, engine, slices } = processor;
  memory.plugIn();

  const outlets = new Outlets(host);
  const serials = o.serials.map((source) => (source.type === 'none' ? undefined : outlets.open(source, '-serial')));
  const completions = new CompletionQueue({ mode: o.icount ? 'icount' : 'realtime', now: () => clock.now(), onReady: () => late.machine!.attention() });
  const board = new Board({
    env, memory, bus: busMemory, ram, serials, tsc: bus.tscSource(cpu), startSeconds: startSeconds(o, host),
    cpu: {
      nmi: () => {
        cpu.nmi();
        late.machine?.attention();
      },
      smi: () => {}, init: () => {}, startup: () => {}, // one processor, no system management mode
    },
    onReset: () => late.machine!.guestReset(),
    onPowerOff: () => late.machine!.guestPowerOff(),
    onA20: (on) => {
      cpu.s.a20 = on ? 1 << 20 : 0;
      cpu.mmu.flushAll();
    },
  });
  serials.forEach((outlet, n) => {
    const uart = board.uarts[n]!;
    outlet?.onInput((bytes) => {
      uart.receive(bytes);
      late.machine!.attention();
    });
    outlet?.onBreak(() => {
      uart.receiveBreak();
      late.machine!.attention();
    });
  });
  board.lapic.intr.connect((level) => {
    cpu.setIntr(level);
    if (level) late.machine?.attention();
  });
  for (const { name, data } of files.fwCfg) board.fwCfg.addFile(name, data);
  addCards({
    board, env, memory: busMemory, completions, options: o, outlets, disks,
    onExit: (status) => late.machine!.endWith({ reason: 'debug-exit', status }),
    onPanic: () => env.log.guestError('pvpanic', 'the guest reports that it panicked'),
    onDiskError: (drive, error) => host.log(`drive ${drive}: ${error.message}`),
  });
  const boot = (): void => {
    const { kernel, initrd, modules } = files;
    const entry = bootKernel(memory.firmware, {
      ram, acpi: o.acpi, kernel, append: o.append, initrd, modules,
      serials: serials.map((s) => s !== undefined), pvpanic: o.devices.some((d) => d.driver === 'pvpanic'),
    });
    enterKernel(cpu, entry, ram);
  };
  const close = async (): Promise<void> => {
    await completions.drain();
    for (const disk of disks.values()) {
      if (!disk.readonly) await disk.flush().catch((error: Error) => host.log(error.message));
      await disk.close();
    }
    outlets.close();
  };
  const machine = late.machine = new Machine({ options: o, host, clock, engine, jit: processor.jit, slices, cpu, board, arena, memory, completions, outlets, boot, close });
  bus.connect(board, machine);
  return machine;
}

/** RAM, translated code and tables share the 4 GiB of one linear memory. */
function makeArena({ memory, accel }: MachineOptions): { arena: Arena; codeBytes: number } {
  const codeBytes = accel.tbSizeBytes ?? DEFAULT_CODE_BYTES;
  const most = FOUR_GIB - codeBytes - OVERHEAD_BYTES;
  if (memory > most) throw new MachineError(`-m gives ${memory / MIB} MiB of RAM; at most ${most / MIB} MiB fit beside the emulator's own tables`);
  return { arena: new Arena(memory + codeBytes + OVERHEAD_BYTES), codeBytes };
}

function deviceLog({ log }: MachineOptions, host: MachineHost): Log {
  return {
    guestError: (device, message) => { if (log.includes('guest_errors')) host.log(`${device}: ${message}`); },
    unimp: (device, message) => { if (log.includes('unimp')) host.log(`${device}: ${message} (unimplemented)`); },
  };
}

const firstShift = ({ shift }: IcountOptions): number => (shift === 'auto' ? FIRST_ICOUNT_SHIFT : shift);

/** The guest's calendar at power-on, in s. With -icount in whole ones, so that two runs within a second see the same. */
function startSeconds({ rtc, icount }: MachineOptions, host: MachineHost): number {
  if (typeof rtc.base === 'number') return Math.floor(rtc.base / 1000);
  const { ms, offsetMinutes } = host.wallClock();
  const seconds = ms / 1000 - (rtc.base === 'localtime' ? offsetMinutes * 60 : 0);
  return icount ? Math.floor(seconds) : seconds;
}
