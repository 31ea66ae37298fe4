/**
 * The floating-point module: generated once per machine, imported by translated code as helpers. Every helper takes `env` first
 * and works on operands in linear memory; see the `x87-*.ts` and `sse-*.ts` files for their names and arguments.
 */
import { ModuleBuilder } from '@emu/wasm';
import { defineAdd, defineDiv, defineDivide, defineMul, type ArithContext } from './arith.ts';
import { defineCompare } from './compare.ts';
import { defineCore } from './core.ts';
import { Emitter } from './fn.ts';
import { defineF32, defineF64, defineF80, type Format } from './formats.ts';
import { defineSseNanRule, defineX87NanRule, type NanRule } from './nan.ts';
import { defineRounder, defineRoundParts } from './round.ts';
import { defineRoot, defineSqrt } from './sqrt.ts';
import { defineSseApprox } from './sse-approx.ts';
import { defineSseArith } from './sse-arith.ts';
import { defineSseConvert } from './sse-convert.ts';
import { defineSse } from './sse-lanes.ts';
import type { FpuLayout } from './state.ts';
import { defineX87Arith } from './x87-arith.ts';
import { defineX87Compare } from './x87-compare.ts';
import { defineX87Control } from './x87-control.ts';
import { defineX87Load } from './x87-load.ts';
import { defineLoadOperand } from './x87-operand.ts';
import { defineX87Remainder } from './x87-remainder.ts';
import { defineX87Round } from './x87-round.ts';
import { defineX87 } from './x87-stack.ts';
import { defineNarrow, defineToInteger, defineX87Store } from './x87-store.ts';

/** Binary of the module for a CPU whose state is laid out as told. It imports its memory as `env.memory`. */
export function generate(layout: FpuLayout): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.name('softfloat');
  module.importMemory('env', 'memory', { min: 0 });
  const core = defineCore(new Emitter(module), layout);
  const parts = defineRoundParts(core);
  const [divide, root] = [defineDivide(core), defineRoot(core)];
  const context = (format: Format, nanRule: NanRule): ArithContext => ({ core, parts, format, nanRule, rounder: defineRounder(core, parts, format) });
  const functions = (c: ArithContext) => ({
    format: c.format,
    add: defineAdd(c, false), sub: defineAdd(c, true), mul: defineMul(c), div: defineDiv(c, divide), sqrt: defineSqrt(c, root),
    compare: defineCompare(core, c.format),
  });
  const sseNan = defineSseNanRule(core);
  const [c32, c64] = [context(defineF32(core), sseNan), context(defineF64(core), sseNan)];
  const c80 = context(defineF80(core), defineX87NanRule(core));
  const f80 = functions(c80);

  const x87 = defineX87(core);
  const loadOperand = defineLoadOperand(x87);
  defineX87Arith(x87, f80, loadOperand);
  defineX87Compare(x87, f80.compare, loadOperand);
  defineX87Load(x87, loadOperand);
  defineX87Store(x87, {
    f80: c80.format,
    toF32: defineNarrow(core, c80.format, c32.format, c32.rounder.pack),
    toF64: defineNarrow(core, c80.format, c64.format, c64.rounder.pack),
    toInteger: defineToInteger(core, parts, c80.format),
  });
  defineX87Control(x87);
  defineX87Round(x87, c80);
  defineX87Remainder(x87, c80);

  const sse = defineSse(core);
  defineSseArith(sse, { f32: functions(c32), f64: functions(c64) });
  defineSseConvert(sse, { f32: c32, f64: c64 });
  defineSseApprox(sse);
  return module.finish();
}

/** The module's helpers by name, working on `memory`. */
export function instantiate(memory: WebAssembly.Memory, layout: FpuLayout): Readonly<Record<string, Function>> {
  const module = new WebAssembly.Module(generate(layout));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, Function>;
}
