/** A translator without a machine around it: what tests of emitters look at. */
import { HelperRegistry, Ir } from '@emu/tcg';
import { Arena } from '@emu/vaddr';
import { X86Cpu, type X86Bus } from '../cpu.ts';
import { Ctx } from '../ctx.ts';
import { declareGlobals } from '../globals.ts';
import { createHelpers } from '../helpers/index.ts';
import { X86_STATE } from '../state.ts';

/** Its IR is `ctx.ir`. Nothing may run: there is no bus. */
export function testCtx(): Ctx {
  const arena = new Arena(1 << 20), env = arena.alloc(X86_STATE.size, 64), registry = new HelperRegistry(64), ir = new Ir();
  const helpers = createHelpers(registry, new X86Cpu(arena, env, {} as X86Bus));
  ir.helpers = registry.all;
  return new Ctx(ir, helpers, env, declareGlobals(ir, env));
}
