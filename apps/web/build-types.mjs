// Declarations for those who import `emu-machine.js`: `node build-types.mjs [DIRECTORY]`, default `dist`.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = process.argv[2] ?? 'dist';
const { status } = spawnSync('tsc', ['-p', 'tsconfig.embed.json', '--outDir', join(dist, 'types'), '--pretty', 'false'], { stdio: 'inherit', cwd: import.meta.dirname });
// tsc leaves `./x.ts` in declarations
for (const path of globSync(join(dist, 'types/**/*.d.ts'))) {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(from ')(\.[^']*)\.ts'/g, "$1$2.js'"));
}
writeFileSync(join(dist, 'emu-machine.d.ts'), "export * from './types/embed.js';\n");
process.exitCode = status ?? 1;
