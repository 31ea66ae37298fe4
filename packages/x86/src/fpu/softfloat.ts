/**
 * The floating-point module: generated once per machine, imported by translated code as helpers. Every helper takes `env` first
 * and works on operands in linear memory; see the `x87-*.ts` and `sse-*.ts` files for their names and arguments.
 */
import { ModuleBuilder } from '@emu/wasm';
import { defineAdd, defineDiv, defineDivide, defineMul, type ArithContext } from './arith.ts';
import { defineCore } from './core.ts';
import { Emitter } from './fn.ts';
import { defineF80 } from './formats.ts';
import { defineX87NanRule } from './nan.ts';
import { defineRounder, defineRoundParts } from './round.ts';
import { defineRoot, defineSqrt } from './sqrt.ts';
import type { FpuLayout } from './state.ts';
import { defineX87Arith } from './x87-arith.ts';
import { defineLoadOperand } from './x87-operand.ts';
import { defineX87 } from './x87-stack.ts';

/** Binary of the module for a CPU whose state is laid out as told. It imports its memory as `env.memory`. */
export function generate(layout: FpuLayout): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  module.name('softfloat');
  module.importMemory('env', 'memory', { min: 0 });
  const core = defineCore(new Emitter(module), layout);
  const parts = defineRoundParts(core);
  const [divide, root] = [defineDivide(core), defineRoot(core)];
  const f80 = defineF80(core);
  const x87Nan = defineX87NanRule(core);
  const context = (format: typeof f80, nanRule: typeof x87Nan): ArithContext =>
    ({ core, parts, format, nanRule, rounder: defineRounder(core, parts, format) });
  const c80 = context(f80, x87Nan);
  const f80Functions = {
    add: defineAdd(c80, false), sub: defineAdd(c80, true), mul: defineMul(c80), div: defineDiv(c80, divide), sqrt: defineSqrt(c80, root),
  };
  const x87 = defineX87(core);
  defineX87Arith(x87, f80Functions, defineLoadOperand(x87));
  return module.finish();
}
