/**
 * v86 (the npm package) as a measured process: KERNEL INITRD, the serial line on standard input and output, its instruction counter over IPC.
 * It boots through SeaBIOS and VGA BIOS of Debian's `seabios` package.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeAll } from '@emu/machine/node';

/** What we use of v86's API; its own declaration file is not a module that this compiler takes. */
interface V86 {
  add_listener(event: 'serial0-output-byte', listener: (byte: number) => void): void;
  serial_send_bytes(port: number, bytes: Uint8Array): void;
  get_instruction_counter(): number;
}
type V86Constructor = new (options: object) => V86;

const MEMORY_BYTES = 512 * 2 ** 20;
const FIRMWARE = '/usr/share/seabios';

const library = createRequire(import.meta.url).resolve('v86');
const { V86 } = await import(pathToFileURL(library).href) as { V86: V86Constructor };
const [kernel, initrd] = process.argv.slice(2) as [string, string];
const image = (path: string): { buffer: ArrayBuffer } => ({ buffer: new Uint8Array(readFileSync(path)).buffer });

const machine = new V86({
  wasm_path: join(dirname(library), 'v86.wasm'), memory_size: MEMORY_BYTES,
  bios: image(join(FIRMWARE, 'bios.bin')), vga_bios: image(join(FIRMWARE, 'vgabios-stdvga.bin')),
  bzimage: image(kernel), initrd: image(initrd), cmdline: 'console=ttyS0 quiet', autostart: true,
});
const byte = new Uint8Array(1);
machine.add_listener('serial0-output-byte', (value) => {
  byte[0] = value;
  writeAll(1, byte);
});
process.stdin.on('data', (bytes: Buffer) => machine.serial_send_bytes(0, bytes));
process.on('message', () => void process.send?.({ instructions: machine.get_instruction_counter() }));
process.on('SIGTERM', () => process.exit(0));
