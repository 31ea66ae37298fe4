/** `-d in_asm,op,out_asm`: each translation block as it is translated, its guest code and its IR, and each region as it is compiled, in the layout of QEMU's log. */
import type { JitOptions } from '@emu/jit';
import { printIr, type Ir, type Tb } from '@emu/tcg';
import type { Arena } from '@emu/vaddr';
import { HF, type Mode } from '@emu/x86';
import { disassemble } from './disassemble.ts';
import type { LogItem } from './options/types.ts';

const PAGE = 4096;
const LINE = '----------------';

/** What to do with each translation, or undefined when `-d` asks for neither. */
export function translationLog(items: readonly LogItem[], arena: Arena, log: (line: string) => void): ((tb: Tb, ir: Ir) => void) | undefined {
  const [code, ops] = [items.includes('in_asm'), items.includes('op')];
  if (!code && !ops) return undefined;
  return (tb, ir) => {
    if (code) log(`${LINE}\nIN:\n${listing(tb, arena)}`);
    if (ops) log(`OP:\n${printIr(ir)}`);
  };
}

/** What to do with each region that is compiled, or undefined when `-d` does not ask for it: its WebAssembly as text. */
export function compilationLog(items: readonly LogItem[], log: (line: string) => void): JitOptions['onCompile'] {
  if (!items.includes('out_asm')) return undefined;
  return (tbs, text) => {
    const entry = tbs[0]!, insns = tbs.reduce((sum, tb) => sum + tb.icount, 0);
    const pc = (BigInt(entry.linearHi >>> 0) << 32n) | BigInt(entry.linearLo >>> 0);
    log(`OUT: [region of ${tbs.length} blocks, ${insns} instructions, at 0x${pc.toString(16)}]\n${text}\n`);
  };
}

/** One line an instruction: address, bytes, text. */
export function listing(tb: Tb, arena: Arena): string {
  const bytes = guestBytes(tb, arena);
  if (!bytes) return `0x${tb.linearLo.toString(16)}: ${tb.size} bytes outside RAM and ROM`;
  const mode: Mode = tb.flags & HF.CS64 ? 64 : tb.flags & HF.CS32 ? 32 : 16;
  const start = (BigInt(tb.linearHi >>> 0) << 32n) | BigInt(tb.linearLo >>> 0);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const pc = start + BigInt(at);
    const { length, text } = disassemble(bytes, at, pc, mode);
    const code = Array.from(bytes.subarray(at, at + length), (b) => b.toString(16).padStart(2, '0')).join(' ');
    lines.push(`0x${pc.toString(16).padStart(mode === 64 ? 16 : 8, '0')}:  ${code.padEnd(24)} ${text}`);
    at += length;
  }
  return lines.join('\n');
}

function guestBytes(tb: Tb, arena: Arena): Uint8Array | undefined {
  if (tb.hostPc < 0) return undefined;
  const first = Math.min(tb.size, PAGE - (tb.hostPc % PAGE));
  const bytes = new Uint8Array(tb.size);
  bytes.set(arena.u8.subarray(tb.hostPc, tb.hostPc + first));
  if (tb.size > first) {
    if (tb.hostPage2 < 0) return bytes.subarray(0, first);
    bytes.set(arena.u8.subarray(tb.hostPage2, tb.hostPage2 + tb.size - first), first);
  }
  return bytes;
}
