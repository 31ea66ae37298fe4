/** Shorter Wasm for a few forms of value ops that are frequent in guest code; the shared lowerings of `@emu/tcg` do the rest. */
import { Op, Type, type LowerTarget } from '@emu/tcg';

const HALF = 32;

/** Emits op `op` if it has a shorter form with these immediates; else does nothing and returns false. */
export function lowerShort(t: LowerTarget, op: number, type: Type): boolean {
  if (type !== Type.i64) return false;
  if (op === Op.extract && t.imm(2) === 0 && t.imm(3) === HALF) {
    t.out(0);
    t.get(1);
    t.f.i32WrapI64();
    t.f.i64ExtendI32U();
    t.put(0);
    return true;
  }
  return false;
}
