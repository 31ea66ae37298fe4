/** Builds the page and `emu-machine.js`, the module for other people's pages, into `dist/`: a folder for any static host, in any subdirectory. */
import { defineConfig } from 'vite';
import { guestPack } from './guest-pack.ts';

export default defineConfig({
  base: './',
  resolve: { conditions: ['@emu/source', 'browser', 'module', 'import', 'default'] },
  plugins: [guestPack()],
  worker: { format: 'es' },
  build: {
    target: ['es2022', 'chrome112', 'firefox121', 'safari18.2'],
    sourcemap: true,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: { index: 'index.html', embed: 'embed.html', 'emu-machine': 'src/embed.ts' },
      checks: { pluginTimings: false },
      preserveEntrySignatures: 'strict',
      output: { entryFileNames: (chunk) => (chunk.name === 'emu-machine' ? 'emu-machine.js' : 'assets/[name]-[hash].js') },
    },
  },
});
