/**
 * Is what we call #UD undefined to this processor, and what we call an instruction defined? Run it on an x86-64 Linux host with gcc:
 * `node --conditions=@emu/source tools/vectors/src/verdicts.ts`. Prints the cells where the two differ.
 *
 * Known difference: 0F 01 C1 (VMCALL) with 66, F2 or F3 is rejected by the manual, but not by a processor under a hypervisor.
 * Strings that are an instruction of an extension we do not model (iced-x86 knows them) are not asked: the host may have it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Decoder, DecoderOptions } from 'iced-x86';
import { decode, Decoded, Insn } from '@emu/x86';
import { forms } from './forms.ts';

const { SIGILL } = constants.signals;
const PREFIXES: readonly (readonly number[])[] = [[], [0x66], [0xf3], [0xf2], [0xf0], [0x48]];
const ESCAPES: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

interface Question {
  readonly bytes: readonly number[];
  readonly undefined: boolean;
}

/** Every map x opcode x ModR/M x prefix that we and iced-x86 reject, in 64-bit mode; once where the opcode alone decides. */
function* rejected(): Generator<Question> {
  const insn = new Insn();
  for (const prefix of PREFIXES) {
    for (const escape of ESCAPES) {
      for (let cell = 0; cell < 0x10000; cell++) {
        const bytes = new Uint8Array(15);
        bytes.set([...prefix, ...escape, cell >> 8, cell & 0xff, 0x18]);
        if (decode(insn, bytes, 0, 15, 64) !== Decoded.UD) continue;
        const decidedByOpcode = insn.length === prefix.length + escape.length + 1;
        if (!(decidedByOpcode && (cell & 0xff) !== 0) && isInvalid(bytes)) yield { bytes: Array.from(bytes), undefined: true };
      }
    }
  }
}

/** The forms that user mode can run, but for those that would take the harness's own state away. */
function* accepted(): Generator<Question> {
  for (const f of forms(64)) {
    // An unpatched RIP-relative form writes over the code behind it.
    if (f.memory?.kind === 'rip' || f.row.mnemonic.endsWith('FSBASE')) continue;
    yield { bytes: Array.from(f.bytes), undefined: f.tags.includes('undefined') };
  }
}

function isInvalid(bytes: Uint8Array): boolean {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const instruction = decoder.decode();
  const { isInvalid: invalid } = instruction;
  instruction.free();
  decoder.free();
  return invalid;
}

/** The signal each question ends in on this processor. */
function ask(questions: readonly Question[]): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), 'verdict-'));
  try {
    const program = join(dir, 'verdict');
    execFileSync('gcc', ['-O1', '-o', program, fileURLToPath(new URL('../native/verdict.c', import.meta.url))]);
    const input = Buffer.alloc(questions.length * 16, 0xcc);
    questions.forEach(({ bytes }, k) => input.set([bytes.length, ...bytes], k * 16));
    return execFileSync(program, { input, maxBuffer: 1 << 28 });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const hex = (bytes: readonly number[]): string => bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');

function main(): void {
  const model = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? 'unknown processor';
  const questions = [...rejected(), ...accepted()];
  const signals = ask(questions);
  const differences = questions.filter((q, k) => (signals[k] === SIGILL) !== q.undefined);
  for (const q of differences) console.log(`${hex(q.bytes)}: we say ${q.undefined ? '#UD' : 'defined'}, the processor the opposite`);
  const undefinedCount = questions.filter((q) => q.undefined).length;
  console.log(`${model}: ${questions.length} strings, ${undefinedCount} of them #UD; ${differences.length} differences`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
