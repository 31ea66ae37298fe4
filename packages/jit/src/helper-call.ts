/** Calls of helpers: guest registers that the helper may look at are stored before, those it may have changed are loaded after. */
import { HDR, STRIDE, Type, type Temp } from '@emu/tcg';
import type { Frame } from './frame.ts';
import { spills } from './globals.ts';
import { loadValue, storeValue } from './host-access.ts';

/** Emits the call `i`. */
export function emitCall(frame: Frame, i: number): void {
  const { f, values, code, globals } = frame, { ir } = code, p = i * STRIDE, d = ir.args[p]!, call = ir.args[p + 4]!;
  const helper = ir.helpers[ir.args[p + 1]!]!, { flags } = helper, sees = !flags.noSideEffects;
  for (let g = 0; g < ir.globalCount; g++) if (globals.spills.has(call, g)) storeGlobal(frame, g);
  frame.pages.call(i);
  if (sees) storeBudget(frame);
  for (let a = ir.args[p + 2]!, end = a + ir.args[p + 3]!; a < end; a++) values.push(ir.callArgs[a]!);
  f.call(frame.helpers.get(helper.index)!);
  if (sees && !flags.alwaysFaults) loadBudget(frame);
  if (!flags.noFault) {
    const label = spills(flags) ? frame.storedLabel : frame.faultLabel;
    frame.setCode(code.insnOf[i]!);
    if (flags.alwaysFaults) return f.br(label);
    f.localGet(frame.headerLocal);
    f.i32Load(HDR.fault);
    f.unlikely();
    f.brIf(label); // a result stays behind: a branch may leave values on the stack
  }
  if (d >= 0) values.store(d);
  if (!flags.noWriteGlobals) for (let g = 0; g < ir.globalCount; g++) if (g !== d && globals.reloads.has(call, g)) loadGlobal(frame, g);
}

export function storeGlobal({ f, values, code: { ir }, header, headerLocal }: Frame, g: Temp): void {
  f.localGet(headerLocal);
  f.localGet(values.localOf(g));
  storeValue(f, ir.tempType[g]! as Type, ir.tempLo[g]! - header);
}

/** Waiting temps that read the global are computed first. */
export function loadGlobal({ f, values, code: { ir }, header, headerLocal }: Frame, g: Temp): void {
  f.localGet(headerLocal);
  loadValue(f, ir.tempType[g]! as Type, ir.tempLo[g]! - header);
  values.store(g);
}

function storeBudget({ f, headerLocal, budgetLocal }: Frame): void {
  f.localGet(headerLocal);
  f.localGet(budgetLocal);
  f.i32Store(HDR.budget);
}

function loadBudget({ f, headerLocal, budgetLocal }: Frame): void {
  f.localGet(headerLocal);
  f.i32Load(HDR.budget);
  f.localSet(budgetLocal);
}
