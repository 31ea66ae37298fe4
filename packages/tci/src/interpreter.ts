/**
 * The interpreter as one Wasm function: `loop` of TBs around a `loop` of instructions around one `br_table`. Value ops come from the
 * lowerings that the JIT uses too, so the two cannot disagree.
 *
 *     block fault
 *       loop enter            ;; the TB in `tb`: compiled entry, count, budget
 *         loop next           ;; the instruction at `ip`
 *           block case n ... block case 0
 *             br_table (case number at ip)
 *           end case 0: its code ...
 *     end                     ;; exit with Exit.FAULT
 */
import { emitCountExecution, Exit, HDR, LOWER, OP_NAMES, TB } from '@emu/tcg';
import type { HelperRegistry, ValueOp } from '@emu/tcg';
import type { HostPtr } from '@emu/vaddr';
import { FUNCREF, I32, ModuleBuilder } from '@emu/wasm';
import { INSN_OFFSET, MAX_CASES, type Case, type Extra } from './bytecode.ts';
import { callCases, emitCall } from './calls.ts';
import { CASE_KEYS, isValueOp, VARIANT_OPERAND, type CaseKey } from './cases.ts';
import { CellTarget } from './cell-target.ts';
import { advance, leave, setHeader, type Emitter } from './emit.ts';
import { emitOp } from './emit-ops.ts';
import { fusedPrefixes } from './fused.ts';
import { TciError } from './errors.ts';
import { guestCases, type GuestMemory } from './guest-access.ts';

export interface InterpreterLayout {
  /** Addresses of the CPU header and of the jump cache. */
  readonly header: HostPtr;
  readonly jumpCache: HostPtr;
  readonly helpers: HelperRegistry;
  readonly memory: GuestMemory;
  /** Whether a lookup behind the jump cache is imported. */
  readonly lookup: boolean;
  /** Whether TBs may have a compiled entry, reached through the imported table `env.entries`. */
  readonly compiledEntries: boolean;
}

export interface Interpreter {
  /** Imports `env.memory`, `env.helpers` (table of the helpers by index), `env.entries` if asked for, and the slow paths of guest memory as `slow.load` and `slow.store`. Exports `run(tb)`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By case number. */
  readonly cases: readonly Case[];
  /** Case number of a call of each helper, by its index. */
  readonly callCaseOf: readonly number[];
  /** Case number of the first guest access. */
  readonly memoryBase: number;
  /** `fusedKey(case, next case)` -> the case that is both. */
  readonly fused: ReadonlyMap<number, number>;
}

type EmitCase = (e: Emitter) => readonly Extra[];

export function buildInterpreter(layout: InterpreterLayout): Interpreter {
  const m = new ModuleBuilder();
  m.name('tci');
  const guest = guestCases(m, layout.memory);
  m.importMemory('env', 'memory', { min: 1, max: 65536 });
  const helperTable = m.importTable('env', 'helpers', { type: FUNCREF, min: layout.helpers.all.length });
  const entries = layout.compiledEntries ? m.importTable('env', 'entries', { type: FUNCREF, min: 0 }) : -1;
  const lookup = layout.lookup ? m.importFunc('env', 'lookup', [], [I32]) : -1;
  const calls = callCases(layout.helpers);
  const emitters: [string, EmitCase][] = [
    ...CASE_KEYS.map((key): [string, EmitCase] => [key.name, (e) => emitKey(e, key)]),
    ...guest.map((c): [string, EmitCase] => [c.name, (e) => { c.emit(e); return []; }]),
    ...calls.cases.map((c): [string, EmitCase] => [c.name, (e) => { emitCall(e, m, helperTable, c); return []; }]),
  ];
  const fused = addFused(emitters);
  if (emitters.length > MAX_CASES) throw new TciError(`${emitters.length} cases do not fit 16 bits; the op table or the helpers have too many forms`);
  const cases = emitRun(m, layout, entries, lookup, emitters);
  const memoryBase = CASE_KEYS.length, callBase = memoryBase + guest.length;
  return { bytes: m.finish(), cases, callCaseOf: calls.caseOf.map((i) => callBase + i), memoryBase, fused };
}

export const fusedKey = (first: number, next: number): number => first * MAX_CASES + next;

/** Appends a case for each fused sequence: the parts one after the other, of which the last dispatches. */
function addFused(emitters: [string, EmitCase][]): Map<number, number> {
  const numbers = new Map(emitters.map(([name], i) => [name, i]));
  const fused = new Map<number, number>();
  for (const parts of fusedPrefixes()) {
    const known = parts.map((name) => numbers.get(name));
    if (known.includes(undefined)) throw new TciError(`Fused sequence ${parts.join(' ')} names a case that does not exist`);
    const beginning = numbers.get(parts.slice(0, -1).join(' '))!, name = parts.join(' ');
    fused.set(fusedKey(beginning, known.at(-1)!), emitters.length);
    numbers.set(name, emitters.length);
    const emit = known.map((number) => emitters[number!]![1]);
    emitters.push([name, (e) => {
      emit.forEach((part, i) => part({ ...e, continues: i < emit.length - 1 }));
      return [];
    }]);
  }
  return fused;
}

function emitKey(e: Emitter, key: CaseKey): readonly Extra[] {
  if (!isValueOp(key.op)) {
    emitOp(e, key);
    return [];
  }
  const target = new CellTarget(e.f, e.ip, key.op, key.type, VARIANT_OPERAND[key.op]!, key.variant);
  LOWER[OP_NAMES[key.op] as ValueOp](target, key.type);
  advance(e, target.size);
  return target.extras;
}

function emitRun(m: ModuleBuilder, layout: InterpreterLayout, entries: number, lookup: number, emitters: readonly [string, EmitCase][]): Case[] {
  const f = m.func({ name: 'run', params: [I32] });
  const tb = 0;
  const ip = f.local(I32, 'ip');
  f.nameLocal(tb, 'tb');
  const fault = f.block(undefined, 'fault');
  const enter = f.loop(undefined, 'enter');
  const e: Emitter = { f, ip, tb, header: layout.header, jumpCache: layout.jumpCache, lookup, enter, fault, next: enter, continues: false };
  emitEnter(e, m, entries);
  const next = f.loop(undefined, 'next');
  const body: Emitter = { ...e, next };
  const labels = emitters.map(() => f.block()).reverse();
  f.localGet(ip);
  f.i32Load16U();
  f.brTable(labels, labels[labels.length - 1]!);
  const cases = emitters.map(([name, emit]): Case => {
    f.end();
    return { name, extras: emit(body) };
  });
  f.end();
  f.end();
  f.unreachable();
  f.end();
  emitFaultExit(e);
  f.end();
  m.exportFunc('run', f);
  return cases;
}

/** Enters the TB in `tb`: compiled code if it has some, else counts it, pays for it, and loads `ip`. */
function emitEnter(e: Emitter, m: ModuleBuilder, entries: number): void {
  const { f, tb, header } = e;
  if (entries >= 0) {
    f.localGet(tb);
    f.i32Load(TB.entry);
    f.if_();
    f.localGet(tb);
    f.i32Load(TB.entryArg);
    f.localGet(tb);
    f.i32Load(TB.entry);
    f.returnCallIndirect(m.type([I32], []), entries);
    f.end();
  }
  const left = f.local(I32);
  // the address of an instruction counter is a constant, its value is in memory for everybody
  f.i32Const(header);
  f.i32Const(header);
  f.i32Load(HDR.budget);
  f.localGet(tb);
  f.i32Load(TB.icount);
  f.i32Sub();
  f.localTee(left);
  f.i32Store(HDR.budget);
  f.localGet(left);
  f.i32Const(0);
  f.i32LtS();
  f.if_();
  payBack(e);
  leave(e, Exit.BUDGET);
  f.end();
  emitCountExecution(f, tb, () => {
    payBack(e);
    leave(e, Exit.HOT);
  });
  f.localGet(tb);
  f.i32Load(TB.code);
  f.localSet(e.ip);
  f.freeLocal(left);
}

/** budget += icount of the TB that does not run after all. */
function payBack({ f, tb, header }: Emitter): void {
  f.i32Const(header);
  f.i32Const(header);
  f.i32Load(HDR.budget);
  f.localGet(tb);
  f.i32Load(TB.icount);
  f.i32Add();
  f.i32Store(HDR.budget);
}

function emitFaultExit(e: Emitter): void {
  const { f, header } = e;
  f.i32Const(header);
  f.localGet(e.tb);
  f.i32Store(HDR.faultTb);
  f.i32Const(header);
  f.localGet(e.ip);
  f.i32Load16U(INSN_OFFSET);
  f.i32Store(HDR.faultInsn);
  setHeader(e, 'exitReason', Exit.FAULT);
}
