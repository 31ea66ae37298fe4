/** Cases that call helpers: one for each Wasm signature, with and without a look at the fault flag afterwards. */
import { Type, WASM_TYPE } from '@emu/tcg';
import type { Helper, HelperRegistry } from '@emu/tcg';
import type { ModuleBuilder, ValType } from '@emu/wasm';
import { WORD } from './bytecode.ts';
import { load, store } from './cell-target.ts';
import { advance, checkFault, word, type Emitter } from './emit.ts';

export interface CallCase {
  readonly name: string;
  readonly params: readonly Type[];
  /** Type of the result, or -1. */
  readonly result: number;
  readonly mayFault: boolean;
  /** Words after the first: index of the function, address of the result if there is one, addresses of the arguments. */
  readonly bytes: number;
}

/** The distinct cases that the helpers need, and the case of each helper by its index. */
export function callCases(registry: HelperRegistry): { cases: CallCase[]; caseOf: number[] } {
  const cases: CallCase[] = [];
  const known = new Map<string, number>();
  const caseOf = registry.all.map((helper) => {
    const made = callCase(helper);
    const found = known.get(made.name) ?? cases.push(made) - 1;
    known.set(made.name, found);
    return found;
  });
  return { cases, caseOf };
}

function callCase(helper: Helper): CallCase {
  const params = helper.paramTypes, result = helper.resultType, mayFault = !helper.flags.noFault;
  const name = `call_${params.map(letter).join('')}_${result < 0 ? 'void' : letter(result as Type)}${mayFault ? '' : '_noFault'}`;
  return { name, params, result, mayFault, bytes: (2 + (result < 0 ? 0 : 1) + params.length) * WORD };
}
const letter = (t: Type): string => (t === Type.i64 ? 'l' : 'i');

export function emitCall(e: Emitter, m: ModuleBuilder, table: number, c: CallCase): void {
  const { f } = e;
  const wasm = (t: number): ValType => WASM_TYPE[t]!;
  const hasResult = c.result >= 0;
  if (hasResult) word(e, 2);
  c.params.forEach((type, i) => {
    word(e, (hasResult ? 3 : 2) + i);
    load(f, type);
  });
  word(e, 1);
  f.callIndirect(m.type(c.params.map(wasm), hasResult ? [wasm(c.result)] : []), table);
  if (c.mayFault) checkFault(e); // before the result is stored: the op then had no effect
  if (hasResult) store(f, c.result as Type);
  advance(e, c.bytes);
}
