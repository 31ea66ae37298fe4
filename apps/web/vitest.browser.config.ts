/** Tests that take minutes or a browser, of the page and of the packages: `pnpm test:browser [filter]`. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@emu/source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['apps/web/test/**/*.browser.test.ts', 'packages/*/src/**/*.browser.test.ts'],
    globalSetup: ['apps/web/test/browser-setup.ts'],
    testTimeout: 2_400_000,
    hookTimeout: 400_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
