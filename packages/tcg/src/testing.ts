/** For tests of guests and back ends: the reference interpreter, awkward values, cases from the op table, random programs, a test machine. */
export { awkwardValues } from './testing/awkward.ts';
export { awkwardInputs, buildForm, ioAddress, isUnspecified, opcodeOf, opCases, opForms, sameValue } from './testing/op-cases.ts';
export type { FormIo, OpCase, OpForm } from './testing/op-cases.ts';
export { ReferenceBackend } from './testing/reference.ts';
export type { GuestMemoryAccess, ReferenceOptions } from './testing/reference.ts';
export { applyReference, constantValue, readValue, truncate, writeValue } from './reference-values.ts';
export type { IrValue } from './reference-values.ts';
export { describeOutcome, HOLE, TestMachine } from './testing/test-machine.ts';
export type { GlobalInfo, Outcome, TestHelpers, TestSetup } from './testing/test-machine.ts';
export { randomProgram } from './testing/random-program.ts';
export type { RandomProgram } from './testing/random-program.ts';
export { Toy, TOY_FAULT_VECTOR, TOY_INTERRUPT_VECTOR, ToyFault, ToyMachine } from './testing/toy-guest.ts';
export type { ToyOptions, ToySetup } from './testing/toy-guest.ts';
