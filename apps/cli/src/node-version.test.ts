/** The program on a Node that is too old for it: one line and status 1, not a SyntaxError. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/emu-system-x86_64.mjs', import.meta.url));

/** Oldest Node on the path, if one is older than 22.18. */
function oldNode(): string | undefined {
  return (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'node')).find((node) => {
    const [major = 0, minor = 0] = (spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '').slice(1).split('.').map(Number);
    return major > 0 && (major < 22 || (major === 22 && minor < 18));
  });
}

const expectRefusal = (node: string, args: readonly string[], version: RegExp): void => {
  const { status, stdout, stderr } = spawnSync(node, [...args, BIN, '--help'], { encoding: 'utf8' });
  expect({ status, stdout, lines: stderr.trimEnd().split('\n') }).toEqual({ status: 1, stdout: '', lines: [expect.stringMatching(version)] });
};

test('a Node that is too old is told so in one line, with status 1', () => {
  const pretend = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.17.9" } })';
  expectRefusal(process.execPath, ['--import', pretend], /needs Node >= 22\.18, and this is Node 22\.17\.9; install a newer one/);
});

test.skipIf(!oldNode())('the program can say so: it loads on the old Node that this machine has', () => {
  expectRefusal(oldNode()!, [], /needs Node >= 22\.18/);
});
