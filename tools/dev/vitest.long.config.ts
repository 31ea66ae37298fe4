/** `pnpm test:long [filter]`: whole systems, which take minutes each: `*.long.test.ts`, one file after another, so that they do not slow each other down. */
import { mergeConfig } from 'vitest/config';
import common from './vitest.config.ts';

const config = mergeConfig(common, { test: { fileParallelism: false, testTimeout: 1_200_000, hookTimeout: 1_200_000 } });
config.test!.include = ['**/src/**/*.long.test.ts', '**/test/**/*.long.test.ts'];
config.test!.exclude = ['**/node_modules/**', '**/dist/**'];

export default config;
