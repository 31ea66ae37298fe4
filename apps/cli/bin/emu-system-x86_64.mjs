#!/usr/bin/env node
// Runs the built program, or in a checkout its TypeScript sources as they are.
import { existsSync, realpathSync } from 'node:fs';
import * as nodeModule from 'node:module'; // registerHooks is not in older versions, which get the line below rather than a SyntaxError
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`emu-system-x86_64: needs Node >= 22.18, and this is Node ${process.versions.node}; install a newer one (a checkout brings its own: node_modules/.bin/emu-system-x86_64)`);
  process.exit(1);
}
setFlagsFromString('--semi-space-growth-factor=1'); // or V8's young generation grows to 100 MiB, for a program that allocates little and keeps it
const source = new URL('../src/index.ts', import.meta.url);
const installed = realpathSync(fileURLToPath(import.meta.url)).split(/[\\/]/).includes('node_modules');
const fromSource = !installed && existsSync(source);
if (fromSource) {
  nodeModule.enableCompileCache(); // stripping types is most of the time until a machine starts, and takes 20 MiB
  nodeModule.registerHooks({
    resolve: (specifier, context, next) => next(specifier, { ...context, conditions: ['@emu/source', ...context.conditions] }),
  });
}
const { main } = await import(fromSource ? source.href : new URL('../dist/index.js', import.meta.url).href);
process.exitCode = await main(process.argv.slice(2));
