import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { debianSources, parseControl } from './apt.ts';

describe('apt', () => {
  it('reads the first control record only', () => {
    const text = 'Package: a\nVersion: 1:2.0-1\nDescription: one\n more\n\nPackage: b\n';
    expect(parseControl(text)).toEqual({ Package: 'a', Version: '1:2.0-1', Description: 'one' });
    expect(parseControl('N: Unable to locate package\n')).toBeNull();
  });

  it('borrows the sources of Debian archives and leaves the others', () => {
    const etc = mkdtempSync(join(tmpdir(), 'emu-apt-'));
    mkdirSync(join(etc, 'sources.list.d'));
    writeFileSync(join(etc, 'sources.list'), 'deb [signed-by=/k] http://archive.example/debian stable main\n');
    writeFileSync(join(etc, 'sources.list.d/debian.sources'), 'Types: deb\nURIs: http://archive.example/debian-security\nSuites: stable\n');
    writeFileSync(join(etc, 'sources.list.d/other.list'), 'deb http://vendor.example/node stable main\n');
    writeFileSync(join(etc, 'sources.list.d/old.list.save'), 'deb http://archive.example/debian stable main\n');
    expect(debianSources(etc)).toEqual([join(etc, 'sources.list'), join(etc, 'sources.list.d/debian.sources')]);
    rmSync(etc, { recursive: true });
  });
});
