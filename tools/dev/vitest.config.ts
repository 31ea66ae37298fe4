/** One vitest configuration for every package: `vitest run --config tools/dev/vitest.config.ts [filter]` from the root,
 *  or `--dir .` from inside a package. Sources are tested as they are, without a build. */
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './closing-line.ts';

const conditions = ['@emu/source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['**/src/**/*.test.ts', '**/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.long.test.ts', '**/*.browser.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    reporters: ['default', new ClosingLine()],
  },
});
