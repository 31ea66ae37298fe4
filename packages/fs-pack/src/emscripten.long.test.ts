/** Our packs in a program that Emscripten built. Needs `emcc` (Debian's package `emscripten`); the first compilation takes minutes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from './cli-run.ts';
import { cliHost } from './testing/cli-host.ts';

const PROGRAM = `
#include <stdio.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "rb");
    unsigned n = 0, sum = 0;
    int c;
    while (f && (c = fgetc(f)) != EOF) { n++; sum = sum * 31 + c; }
    printf("%s %u %u\\n", argv[i], n, sum);
  }
}`;

/** Version 3.1.6 takes Node's own fetch for a browser's. */
const RUN = `delete globalThis.fetch;
globalThis.Module = { arguments: ['/data/a.txt', '/data/b.bin', '/data/none'] };
Object.assign(globalThis, { require, __dirname: process.cwd(), __filename: process.cwd() + '/all.js' });
require('vm').runInThisContext(require('fs').readFileSync('all.js', 'utf8'));`;

test.skipIf(spawnSync('emcc', ['--version']).status !== 0)('an Emscripten program finds the files of our pack', { timeout: 900_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'emcc-'));
  const before = process.cwd();
  process.chdir(dir);
  try {
    mkdirSync('pack');
    writeFileSync('pack/a.txt', 'hello');
    writeFileSync('pack/b.bin', Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) & 0xff));
    writeFileSync('program.c', PROGRAM);
    execFileSync('emcc', ['program.c', '-o', 'program.js', '-sFORCE_FILESYSTEM', '-O1'], { stdio: 'ignore' });
    const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => (Math.imul(total, 31) + byte) >>> 0, 0);
    const expected = ['a.txt', 'b.bin'].map((name) => {
      const bytes = readFileSync(`pack/${name}`);
      return `/data/${name} ${bytes.length} ${sum(bytes)}\n`;
    });
    for (const flags of [[], ['--separate-metadata'], ['--use-preload-cache']]) {
      expect(await runCli(['program.data', '--preload', 'pack@/data', '--js-output=load.js', ...flags], cliHost())).toBe(0);
      writeFileSync('all.js', readFileSync('load.js', 'utf8') + readFileSync('program.js', 'utf8'));
      const { stdout } = spawnSync(process.execPath, ['-e', RUN], { encoding: 'utf8' });
      expect(stdout).toBe(`${expected.join('')}/data/none 0 0\n`);
    }
  } finally {
    process.chdir(before);
    rmSync(dir, { recursive: true, force: true });
  }
});
