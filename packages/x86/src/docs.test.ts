/** What docs/add-an-instruction.md says is so: its blocks stand in the sources, its commands exist, and the errors it quotes are those of the tables and of the compiler. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { ALL_ROWS, buildTables } from './decode/tables.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url)), PACKAGE = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(join(PACKAGE, 'docs/add-an-instruction.md'), 'utf8');
/** Fenced blocks: language, what follows it, text. */
const blocks = [...page.matchAll(/^```(\w+) ?(.*)\n([^]*?)\n```$/gm)].map(([, language, info, text]) => ({ language: language!, info: info!, text: text! }));
const ofKind = (language: string, info = ''): string[] => blocks.filter((b) => b.language === language && b.info.endsWith(info)).map((b) => b.text);

test.each(blocks.filter((b) => b.language === 'ts').map((b) => [b.info, b.text]))('the block of %s stands there', (file, text) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toContain(`${text}\n`);
});

it('the files that it names are there', () => {
  const named = [...page.matchAll(/`((?:src|tools)\/[\w./-]+)`/g)].map(([, path]) => path!).filter((path) => !path.includes('*'));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(path.startsWith('src/') ? PACKAGE : ROOT, path)))).toEqual([]);
});

it('the scripts that it runs are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'tools/vectors/package.json'), 'utf8')) as { scripts: Record<string, string> };
  const used = [...page.matchAll(/--filter @emu\/tools-vectors (\w+)/g)].map(([, script]) => script!);
  expect(used.filter((script) => !(script in scripts))).toEqual([]);
  expect(new Set(used)).toEqual(new Set(['vectors', 'record', 'generate', 'guests']));
});

it('the tables refuse a row that is there twice in the words quoted', () => {
  const rows = ALL_ROWS.filter((r) => !r.opts.no64), copied = rows.find((r) => r.mnemonic === 'MOVBE')!;
  expect(() => buildTables([...rows, copied])).toThrow(ofKind('text', 'error')[0]!);
});

describe('the compiler', () => {
  // beside the package's dependencies, so that imports of other packages are found
  const copy = join(PACKAGE, 'node_modules/.cache/docs-test');
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const edit = (file: string, from: string, to: string): void => {
    const path = join(copy, file), source = readFileSync(path, 'utf8');
    expect(source).toContain(from);
    writeFileSync(path, source.replace(from, to));
  };

  /** What tsc says of a copy of the sources after `change`, without positions. */
  function errorsAfter(change: () => void): string[] {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy, { recursive: true });
    cpSync(join(PACKAGE, 'src'), join(copy, 'src'), { recursive: true, filter: (path) => !/\.(test|bench)\.ts$/.test(path) });
    symlinkSync(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ extends: join(ROOT, 'tsconfig.base.json'), include: ['src'] }));
    change();
    try {
      execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', copy, '--pretty', 'false'], { cwd: copy, encoding: 'utf8' });
      return [];
    } catch (error) {
      return (error as { stdout: string }).stdout.trim().split('\n').map((line) => line.replace(/\(\d+,\d+\)/, ''));
    }
  }

  it('says what is quoted when the feature is misspelt, the emitter missing, the IR op another', { timeout: 300_000 }, () => {
    const [feature, missing, op] = ofKind('text', 'tsc'), emitter = ofKind('ts').find((text) => text.includes('emitMovbe: Emit'))!;
    const misspelt = errorsAfter(() => {
      edit('src/decode/map-0f38.ts', "row(0xf0, 'MOVBE', [Gv, Mv], emitMovbe, { prefix: 'NFx', feature: 'movbe' })", "row(0xf0, 'MOVBE', [Gv, Mv], emitMovbe, { prefix: 'NFx', feature: 'movbee' })");
      edit('src/emit/move.ts', 'c.ir.bswap32(v) : c.ir.bswap64(v));\n};\n\n/** A 16-bit', 'c.ir.bswap(v) : c.ir.bswap64(v));\n};\n\n/** A 16-bit');
    });
    expect(misspelt).toEqual([feature, op]);
    expect(errorsAfter(() => edit('src/emit/move.ts', emitter, ''))).toEqual([missing]);
  });
});
