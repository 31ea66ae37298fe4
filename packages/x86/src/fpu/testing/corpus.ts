/**
 * Recorded results of the processor: for each case the XOR of start and end states, whose start states `startStates` makes again
 * from the seed. Recorded on an Intel Xeon (family 6, model 207, Sapphire Rapids); `pnpm --filter @emu/x86 record-fpu` makes it anew.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Case } from './compare.ts';
import { startStates } from './compare.ts';

export const CORPUS_SEED = 20240;
export const CORPUS_VECTORS = 96;

const path = (name: string): URL => new URL(`corpus/${name}.br`, import.meta.url);

export function saveCorpus(name: string, ends: readonly DataView[], starts: readonly DataView<ArrayBuffer>[]): void {
  const changes = ends.map((end, i) => exclusiveOr(end, starts[i]!));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 };
  writeFileSync(path(name), brotliCompressSync(Buffer.concat(changes), { params }));
}

/** Start and end states of the recorded vectors of each case. */
export function loadCorpus(name: string, cases: readonly Case[]): { start: DataView<ArrayBuffer>; end: DataView }[] {
  const changes = brotliDecompressSync(readFileSync(path(name)));
  let at = 0;
  return cases.map((test) => {
    const start = startStates(test, CORPUS_VECTORS, CORPUS_SEED);
    const change = changes.subarray(at, at += start.byteLength);
    const bytes = exclusiveOr(new DataView(change.buffer, change.byteOffset, change.byteLength), start);
    return { start, end: new DataView(bytes.buffer) };
  });
}

function exclusiveOr(a: DataView, b: DataView): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(b.byteLength);
  for (let i = 0; i < out.length; i++) out[i] = a.getUint8(i) ^ b.getUint8(i);
  return out;
}
