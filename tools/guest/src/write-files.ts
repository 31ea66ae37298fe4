/** Puts the files that a userland names into a directory tree. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { UserlandFile } from './userland.ts';

/** Writes `files` below `tree`. */
export function writeFiles(tree: string, files: readonly UserlandFile[]): void {
  for (const { path, text, mode } of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode });
  }
}
