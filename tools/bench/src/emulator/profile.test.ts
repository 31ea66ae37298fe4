import { expect, test } from 'vitest';
import { classify } from './profile.ts';

const frame = (functionName: string, url: string) => ({ functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 });
const MACHINE = 'file:///x/packages/machine/src/machine.ts', ENGINE = 'file:///x/packages/tcg/src/engine.ts', DEVICE = 'file:///x/packages/devices/src/uart.ts';
const CPU = 'file:///x/packages/x86/src/guest.ts', JIT = 'file:///x/packages/jit/src/jit.ts';

test('a sample counts for the part of the emulator that its stack is in', () => {
  const profile = classify({
    startTime: 0, endTime: 0,
    nodes: [
      { id: 1, callFrame: frame('(root)', ''), children: [2, 3, 12] },
      { id: 2, callFrame: frame('(idle)', '') },
      { id: 3, callFrame: frame('#turn', MACHINE), children: [4] },
      { id: 4, callFrame: frame('run', ENGINE), children: [5, 7, 10] },
      { id: 5, callFrame: frame('run', 'wasm://wasm/tci-0'), children: [6, 9] },
      { id: 6, callFrame: frame('write', DEVICE) },
      { id: 7, callFrame: frame('translate', 'file:///x/packages/machine/src/slice-guest.ts'), children: [8] },
      { id: 8, callFrame: frame('translate', CPU) },
      { id: 9, callFrame: frame('wasm-function[3]', 'wasm://wasm/77') },
      { id: 10, callFrame: frame('hot', JIT), children: [11] },
      { id: 11, callFrame: frame('retranslate', ENGINE) },
      { id: 12, callFrame: frame('(garbage collector)', '') },
    ],
    samples: [2, 3, 4, 5, 6, 8, 9, 11, 12], timeDeltas: [900_000, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000],
  });
  expect(profile.ms).toEqual({ devices: 5, engine: 2, interpret: 3, translate: 5, compiled: 6, emit: 7, collect: 8, helpers: 0, other: 0 });
  expect(profile.top[0]).toEqual(['(garbage collector)', 8]);
});

test('a helper in JavaScript is a helper, whoever calls it', () => {
  const { ms } = classify({
    startTime: 0, endTime: 0,
    nodes: [
      { id: 1, callFrame: frame('run', 'wasm://wasm/tci-0'), children: [2] },
      { id: 2, callFrame: frame('pushf', CPU) },
    ],
    samples: [2], timeDeltas: [3000],
  });
  expect(ms.helpers).toBe(3);
});
