/** Serves the guest of tools/guest under `/pack/` while developing: built when needed, cut into a chunked pack once. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Plugin } from 'vite';
import { webPack } from '../../tools/dev/web-pack.mjs';

export function guestPack(): Plugin {
  return {
    name: 'guest-pack',
    apply: 'serve',
    async configureServer(server) {
      const pack = await webPack();
      server.middlewares.use('/pack', (request, response, next) => {
        const file = join(pack, normalize(decodeURIComponent(request.url!.split('?')[0]!)));
        if (!file.startsWith(pack) || !existsSync(file) || !statSync(file).isFile()) return next();
        response.setHeader('content-length', statSync(file).size);
        createReadStream(file).pipe(response);
      });
    },
  };
}
