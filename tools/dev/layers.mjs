// Imports point one way: refuses cycles between files, and packages that import what stands beside or above them. CONTRIBUTING.md draws the
// layers. Type-only imports do not make a cycle (they are gone at run time), but they do obey the layers.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** Package -> packages of ours that its sources may import. Tests, benches and playgrounds may import what their package.json names. */
const MAY_IMPORT = {
  vaddr: [],
  wasm: ['vaddr'],
  tcg: ['vaddr', 'wasm'],
  softmmu: ['vaddr', 'wasm'],
  tci: ['tcg', 'softmmu', 'vaddr', 'wasm'],
  jit: ['tcg', 'softmmu', 'vaddr', 'wasm'],
  x86: ['tcg', 'softmmu', 'vaddr', 'wasm'],
  devices: ['vaddr'],
  'fs-pack': ['vaddr'],
  machine: ['vaddr', 'wasm', 'tcg', 'softmmu', 'tci', 'jit', 'x86', 'devices', 'fs-pack'],
};
const IMPORT = /(?:^|[\s;}])(?:import|export)\s(type\s)?[^'"();]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;=(])import\s*\(?\s*['"]([^'"]+)['"]/g;

const isProduct = (file) => !/\.(test|bench)\.ts$|\/testing(\/|\.ts$)|\/playground\/|\/test\/|\/scripts\//.test(file);
const files = globSync('{packages,apps,tools}/*/{src,playground,scripts,test}/**/*.ts').map((file) => file.replaceAll('\\', '/')).filter((file) => !/node_modules|\/dist\//.test(file));
const problems = [];
const graph = new Map();

for (const file of files) {
  const targets = [];
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|`[^`]*`/gm, '');
  for (const [, typeOnly, from, dynamic] of text.matchAll(IMPORT)) {
    const specifier = from ?? dynamic;
    if (specifier.startsWith('.')) {
      const target = normalize(join(dirname(file), specifier)).replaceAll('\\', '/');
      if (/\.ts$/.test(target) && !existsSync(target)) problems.push(`${file} imports ${specifier}, which does not exist`);
      else if (!typeOnly) targets.push(target);
      checkCrossing(file, target, specifier);
    } else if (specifier.startsWith('@emu/')) checkLayer(file, specifier.split('/')[1], specifier);
  }
  graph.set(file, targets);
}
findCycles();

if (problems.length) {
  console.error(problems.join('\n'));
  console.error(`layers: ${problems.length} problems`);
  process.exit(1);
}
console.log(`layers: ${files.length} files, no cycles, imports point one way`);

/** Packages reach each other by name, through their exports; only tools/dev is imported by path, by tests. */
function checkCrossing(file, target, specifier) {
  const top = (path) => path.split('/').slice(0, 2).join('/');
  if (top(file) === top(target) || (top(target) === 'tools/dev' && !isProduct(file))) return;
  problems.push(`${file} reaches into ${top(target)} by '${specifier}'; import the package by its name`);
}

function checkLayer(file, to, specifier) {
  const [top, from] = file.split('/');
  if (top !== 'packages' || from === to) return;
  const manifest = JSON.parse(readFileSync(`packages/${from}/package.json`, 'utf8'));
  const named = (field) => manifest[field]?.[`@emu/${to}`] !== undefined;
  if (isProduct(file) && !MAY_IMPORT[from]?.includes(to)) problems.push(`${file} imports ${specifier}: ${from} may import ${MAY_IMPORT[from]?.join(', ') || 'no other package'}`);
  else if (isProduct(file) && !named('dependencies')) problems.push(`${file} imports ${specifier}, which is not among the dependencies in packages/${from}/package.json`);
  else if (!named('dependencies') && !named('devDependencies')) problems.push(`${file} imports ${specifier}, which packages/${from}/package.json does not name`);
}

/** Depth-first search; each cycle is reported once, from its first file. */
function findCycles() {
  const state = new Map();
  const path = [];
  const visit = (file) => {
    state.set(file, 'open');
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      if (state.get(target) === 'open') problems.push(`cycle: ${[...path.slice(path.indexOf(target)), target].join(' -> ')}`);
      else if (!state.has(target) && graph.has(target)) visit(target);
    }
    path.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
}
