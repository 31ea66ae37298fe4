// Builds the package in the current folder into dist/: JavaScript by tsup, declarations by tsc (tsup 9 cannot make them with TypeScript 7).
// What to build is what `exports` in package.json names under the condition `@emu/source`.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'tsup';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const sources = Object.values(manifest.exports ?? {}).flatMap((entry) => (typeof entry === 'object' && entry['@emu/source'] ? [entry['@emu/source']] : []));
if (sources.length === 0) {
  console.error(`${manifest.name}: no entry of "exports" has the condition @emu/source; name the sources to build there`);
  process.exit(1);
}

rmSync('dist', { recursive: true, force: true });
await build({
  entry: Object.fromEntries(sources.map((source) => [basename(source, '.ts'), source])),
  format: 'esm', platform: 'neutral', target: 'es2024', outDir: 'dist', outExtension: () => ({ js: '.js' }),
  splitting: true, sourcemap: true, treeshake: true, dts: false, silent: true, config: false,
  external: [/^node:/, ...Object.keys(manifest.dependencies ?? {}).map((name) => new RegExp(`^${name}(/|$)`))],
});

// dependencies are seen as their users will see them: by their built declarations, not by their sources
const cache = 'node_modules/.cache';
mkdirSync(cache, { recursive: true });
writeFileSync(`${cache}/tsconfig.build.json`, JSON.stringify({
  extends: '../../../../tsconfig.base.json',
  compilerOptions: {
    noEmit: false, declaration: true, emitDeclarationOnly: true, declarationMap: false, customConditions: [], rootDir: '../../src', outDir: '../../dist',
  },
  files: sources.map((source) => `../../${source}`),
}));
const { status } = spawnSync('tsc', ['-p', `${cache}/tsconfig.build.json`, '--pretty', 'false'], { stdio: 'inherit' });

// tsc leaves `./x.ts` in declarations; published ones name the JavaScript
for (const path of globSync('dist/**/*.d.ts')) {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/((?:from|import) ?\(?)(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'));
}
process.exit(status ?? 1);
