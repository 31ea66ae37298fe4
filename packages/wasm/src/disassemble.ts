/** For tests: wabt's reading of a module, as text. */
import wabt from 'wabt';

const FEATURES = { threads: true, simd: true, tail_call: true, memory64: true, bulk_memory: true, reference_types: true, multi_value: true, sign_extension: true, sat_float_to_int: true, mutable_globals: true };

/** The module in text format, unfolded. Throws wabt's message when it cannot read or validate it. */
export async function disassemble(bytes: Uint8Array): Promise<string> {
  const module = (await wabt()).readWasm(bytes, { ...FEATURES, readDebugNames: true });
  try {
    (module as { validate(features: typeof FEATURES): void }).validate(FEATURES); // its declaration lacks the argument
    return module.toText({});
  } finally {
    module.destroy();
  }
}
