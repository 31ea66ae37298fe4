/**
 * System behaviour that user mode does not show: firmware images in assembler (`guests/*.S`) that try something, say on the debug console what happened, and go on. They
 * run in our CPU and in QEMU (TCG); the image and what QEMU said are kept in `guests/`, so that the comparison needs neither.
 *
 * `pnpm --filter @emu/tools-vectors guests [name] [--accel jit]` assembles, runs and compares; with `--record` it keeps images and outputs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { EmuError } from '@emu/vaddr';
import { CPU_MODELS } from '@emu/x86';
import { Board } from './board.ts';
import { accelOf, ENGINES, tciEngine, type MakeEngine } from './engines.ts';

export class GuestError extends EmuError {}

const DIRECTORY = fileURLToPath(new URL('../guests/', import.meta.url));
const SECONDS = 60;
/** `isa-debug-exit` makes the process status of what the guest writes: twice that, plus 1. */
const EXIT_STATUS = 0x10 * 2 + 1;

/** This one says what CPUID says, and runs as each model: cpuid.test.ts. */
export const CPUID_GUEST = 'cpuid';
export const guestNames = (): string[] => readdirSync(DIRECTORY).filter((f) => f.endsWith('.S')).map((f) => f.slice(0, -2)).filter((name) => name !== CPUID_GUEST).sort();

const INTEL = 'GenuineIntel';
/** The guests are written for Intel's processors, but for one: those have no SYSCALL outside 64-bit mode. */
const VENDORS: Readonly<Record<string, string>> = { fast32: 'AuthenticAMD' };
export const vendorOf = (name: string): string => VENDORS[name] ?? INTEL;

/** The recorded image, and what QEMU said. */
export const recordedImage = (name: string): Uint8Array => brotliDecompressSync(readFileSync(join(DIRECTORY, `${name}.bin.br`)));
/** @param model after `-cpu`, if there is an output for each. */
export const recordedOutput = (name: string, model?: string): string => readFileSync(outputPath(name, model), 'latin1');
const outputPath = (name: string, model?: string): string => join(DIRECTORY, `${model ? `${name}-${model}` : name}.qemu.txt`);

/** Versions that images and outputs were recorded with; others may choose other encodings, or know the manual better. */
const BINUTILS = ' 2.40', QEMU = 'version 7.2';
const is = (program: string, version: string): boolean => {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.split('\n', 1)[0]!.includes(version);
};
export const canAssemble = (): boolean => process.arch === 'x64' && is('as', BINUTILS) && is('ld', BINUTILS);
export const canRunQemu = (): boolean => is('qemu-system-x86_64', QEMU);

/** Assembles `guests/<name>.S` to a firmware image of 64 KiB. */
export function assemble(name: string): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), 'guest-'));
  try {
    const object = join(dir, 'o'), binary = join(dir, 'bin');
    execFileSync('as', ['--64', '-I', DIRECTORY, join(DIRECTORY, `${name}.S`), '-o', object]);
    execFileSync('ld', ['-m', 'elf_x86_64', '-Ttext=0xF0000', '-e', 'start', '--no-warn-rwx-segments', '--oformat', 'binary', object, '-o', binary]);
    return new Uint8Array(readFileSync(binary));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What the image says in QEMU. @param cpu as after `-cpu`. */
export function runInQemu(image: Uint8Array, cpu: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'guest-'));
  try {
    const bios = join(dir, 'bios'), output = join(dir, 'out');
    writeFileSync(bios, image);
    const { status, stderr } = spawnSync('qemu-system-x86_64', ['-accel', 'tcg', '-cpu', cpu, '-m', '16', '-bios', bios, '-display', 'none', '-serial', 'none',
      '-monitor', 'none', '-nodefaults', '-debugcon', `file:${output}`, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'], { timeout: SECONDS * 1000 });
    const said = readFileSync(output, 'latin1');
    if (status !== EXIT_STATUS) throw new GuestError(`QEMU ended with status ${status}, not ${EXIT_STATUS}: ${stderr}; it said ${said.slice(-300)}`);
    return said;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a guest says in QEMU, and in our CPU. */
export const guestInQemu = (name: string, image: Uint8Array): string => runInQemu(image, `max,vendor=${vendorOf(name)}`);
export const guestHere = (name: string, image: Uint8Array, makeEngine?: MakeEngine): string => runHere(image, `max,+la57,vendor=${vendorOf(name)}`, makeEngine);

/** What the image says in our CPU. @param cpu as after `-cpu`. */
export function runHere(image: Uint8Array, cpu: string, makeEngine: MakeEngine = tciEngine): string {
  const { output, exit, resets } = new Board(image, cpu, makeEngine).run();
  return exit === 0x10 ? output : `${output}\n(no exit; ${resets} resets)`;
}

/** Lines that differ, both ways. */
export function lineDifferences(ours: string, theirs: string): string[] {
  const a = ours.split('\n'), b = theirs.split('\n'), out: string[] = [];
  for (let i = 0; i < Math.max(a.length, b.length); i++) if (a[i] !== b[i]) out.push(`line ${i + 1}: ours "${a[i] ?? ''}", QEMU "${b[i] ?? ''}"`);
  return out;
}

function recordCpuid(): void {
  const image = assemble(CPUID_GUEST);
  writeFileSync(join(DIRECTORY, `${CPUID_GUEST}.bin.br`), brotliCompressSync(image));
  for (const model of CPU_MODELS) writeFileSync(outputPath(CPUID_GUEST, model), runInQemu(image, model), 'latin1');
}

function main(): void {
  const args = process.argv.slice(2), makeEngine = ENGINES[accelOf(args)], record = args.includes('--record'), names = args.filter((a) => !a.startsWith('--'));
  for (const name of names.length > 0 ? names : guestNames()) {
    const image = assemble(name), theirs = guestInQemu(name, image), ours = guestHere(name, image, makeEngine), different = lineDifferences(ours, theirs);
    console.log(`${name}: ${theirs.split('\n').length} lines, ${different.length} differ\n${different.slice(0, 40).join('\n')}`);
    if (!record) continue;
    writeFileSync(join(DIRECTORY, `${name}.bin.br`), brotliCompressSync(image));
    writeFileSync(outputPath(name), theirs, 'latin1');
  }
  if (record) recordCpuid();
}
if (process.argv[1] === fileURLToPath(import.meta.url)) main();
