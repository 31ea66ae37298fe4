export { WasmError } from './errors.ts';
export type { FuncBuilder, Label } from './func.ts';
export { ModuleBuilder, type FuncOptions } from './module.ts';
export { INSTRUCTIONS, methodName, type Immediate, type Instruction } from './opcodes.ts';
export type { Init } from './sections.ts';
export { functionTexts } from './text.ts';
export {
  EXTERNREF, F32, F64, FUNCREF, I32, I64, typeName, V128,
  type MemoryLimits, type NumType, type RefType, type TableLimits, type ValType,
} from './types.ts';
