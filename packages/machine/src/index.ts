/** The PC: `createMachine` makes one from a description, `parseQemuArgs` makes the description from QEMU's command line. */
export { loadKernel, type KernelFile } from './boot/boot.ts';
export type { BootCpu, BootSegment } from './boot/cpu.ts';
export { BootError } from './boot/errors.ts';
export { e820, E820, ramLayout, type E820Entry, type RamLayout } from './boot/layout.ts';
export type { BootMemory } from './boot/memory.ts';
export type { BootFiles, BootModule } from './boot/types.ts';
export { createMachine } from './create.ts';
export { EmuError } from '@emu/vaddr';
export { MachineError } from './errors.ts';
export { memoryHost, type CharBackend, type MachineHost, type MemoryHostOptions } from './host.ts';
export { Machine, type MachineEnd, type MachineStats } from './machine.ts';
export { OptionError } from './options/errors.ts';
export { helpText } from './options/help.ts';
export { parseQemuArgs, type ParsedArgs } from './options/parse.ts';
export { registersText } from './registers.ts';
export { DEFAULT_OPTIONS, LOG_ITEMS } from './options/types.ts';
export type {
  AccelOptions, CacheMode, CharSource, CpuOptions, DeviceDriver, DeviceOptions, DriveOptions, FileSource, FwCfgOptions, IcountOptions, LogItem,
  MachineOptions, RtcOptions, VirtioOptions,
} from './options/types.ts';
