/** Types of `emu-machine.js`, as somebody else's page sees them: with nothing of this workspace. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

const CONSUMER = `
import { WebMachine, type MachineState } from './emu-machine.js';
const element = document.createElement('emu-machine');
element.arguments = ['-nographic', '-kernel', 'pack/bzImage'];
const started: Promise<boolean> = element.start();
const state: MachineState = element.state;
const machine = new WebMachine();
machine.on('output', (bytes) => machine.shown(bytes.length));
machine.on('state', ({ end }) => { if (end?.reason === 'debug-exit') console.log(end.status, started, state); });
// @ts-expect-error a number is no argument
element.arguments = [1];
`;

test('the declarations stand alone, and say what is wrong', () => {
  const dir = mkdtempSync(join(tmpdir(), 'emu-types-'));
  try {
    const built = spawnSync(process.execPath, [join(ROOT, 'build-types.mjs'), dir], { cwd: ROOT, encoding: 'utf8' });
    expect(built.stdout + built.stderr).toBe('');
    writeFileSync(join(dir, 'consumer.ts'), CONSUMER);
    const checked = spawnSync('tsc', ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2022,dom', '--types', '', 'consumer.ts'], { cwd: dir, encoding: 'utf8' });
    expect(checked.stdout + checked.stderr).toBe('');
  } finally {
    rmSync(dir, { recursive: true });
  }
});
