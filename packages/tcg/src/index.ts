export type { Backend, CodePages, CodeSource, GuestCpu, HotBackend, TbSource } from './backend.ts';
export { CodeWindow, FETCH_FAILED } from './code-window.ts';
export { CPU_HEADER, HDR, JC, JUMP_CACHE_BITS, JUMP_CACHE_ENTRY, jumpCacheIndex, TB, TB_RECORD } from './cpu.ts';
export { Engine, EngineError } from './engine.ts';
export type { EngineOptions } from './engine.ts';
export { EngineStats } from './engine-stats.ts';
export { IrError } from './errors.ts';
export { GUEST_FAULT, HelperError, HelperRegistry } from './helpers.ts';
export type { Helper, HelperFlags, HelperParam, HelperResult } from './helpers.ts';
export { Ir, Kind, STRIDE } from './ir.ts';
export type { Label, Temp, ValueMethods } from './ir.ts';
export { emitJumpCacheProbe } from './jump-cache.ts';
export { JumpCache } from './jump-cache-table.ts';
export { emitCompare, LOWER } from './lower.ts';
export type { Immediates, Lower, LowerTarget } from './lower.ts';
export { CONTROL_OPS, MEMORY_OPS, Op, operandType, OP_NAMES, OPS, ROWS, VALUE_OP_COUNT, VALUE_OPS } from './ops.ts';
export type { ControlOp, ImmKind, MemoryOp, OperandType, OpFlags, OpName, Row, ValueOp } from './ops.ts';
export { Optimiser } from './optimiser/optimise.ts';
export { Tb } from './tb.ts';
export { TbStore } from './tb-store.ts';
export type { TbStoreOptions } from './tb-store.ts';
export { MAX_TB_INSNS, translatorLoop } from './translator-loop.ts';
export type { DisasContext, TranslatorOps } from './translator-loop.ts';
export {
  Cond, COND_NAMES, Exit, EXIT_NAMES, FCond, FCOND_NAMES, invertCond, MemOp, memOpIdx, memOpOf, mmuIdxOf, Type, TYPE_BITS, TYPE_NAMES, WASM_TYPE,
} from './types.ts';
export type { TypeName } from './types.ts';
