export { decode, decodeFetching, Decoded, MAX_LENGTH } from './decode/decode.ts';
export { Insn, NONE, Seg, type Mode } from './decode/insn.ts';
export { Method, operandBits, Size, type Operand } from './decode/operands.ts';
export { DecodeTableError, FLAG_BITS, Imm, OpMap, Row, type Feature, type Prefix, type RowOpts, type Unit } from './decode/row.ts';
export { ALL_ROWS } from './decode/tables.ts';
