/** Tests that take minutes or a browser: `pnpm --filter @emu/web test:browser [filter]`. */
import { defineConfig } from 'vitest/config';

const conditions = ['@emu/source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.browser.test.ts'],
    globalSetup: ['test/browser-setup.ts'],
    testTimeout: 900_000,
    hookTimeout: 400_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
