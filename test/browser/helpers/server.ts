import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin } from 'vite';
import { sharedPath } from '../../helpers/shared.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** How a server for the tests behaves. */
export interface ServerOptions {
  /** Whether it sends the headers that isolate a page from other origins, so that wasm gets threads; default true. */
  readonly isolated?: boolean;
  /** Answers a request in the server's place and says so with `true`; sees all requests. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A running server. Call `close` when done. */
export interface TestServer {
  /** `http://localhost:<port>/`: the page of `web/`. */
  readonly url: string;
  /** A page without anything in it, for tests that bring their own modules. */
  readonly blank: string;
  /** URL of a file of the checkout or of `../shared`, by its absolute path. */
  urlOf(path: string): string;
  close(): Promise<void>;
}

/**
 * Vite's development server on a free port, as `npm run web` starts it.
 *
 * @example
 * const server = await startServer({ isolated: false });
 */
export async function startServer({ isolated = true, answer }: ServerOptions = {}): Promise<TestServer> {
  const server = await createServer({
    configFile: join(root, 'vite.config.ts'),
    cacheDir: process.env['ORT_TRAIN_VITE_CACHE'] ?? join(root, 'node_modules/.vite-browser-tests'),
    logLevel: 'error',
    clearScreen: false,
    plugins: [blankPage(answer)],
    server: {
      host: 'localhost',
      port: 0,
      strictPort: false,
      // Nothing changes under the tests, and a watcher would hold a file of the checkout open for each of them.
      watch: null,
      hmr: false,
      fs: { allow: [root, sharedPath()] },
      ...(!isolated && {
        headers: {
          'Cross-Origin-Opener-Policy': 'unsafe-none',
          'Cross-Origin-Embedder-Policy': 'unsafe-none',
        },
      }),
    },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) throw new Error('the server has no address');
  return {
    url,
    blank: `${url}blank-for-tests`,
    urlOf: (path) => `${url}@fs/${path.replace(/^\//, '')}`,
    close: () => server.close(),
  };
}

function blankPage(answer: ServerOptions['answer']): Plugin {
  return {
    name: 'blank-page-for-tests',
    configureServer({ config, middlewares }) {
      middlewares.use((request, response, next) => {
        if (answer?.(request, response) === true) return;
        if (request.url !== '/blank-for-tests') {
          next();
          return;
        }
        response.writeHead(200, { ...config.server.headers, 'content-type': 'text/html' });
        response.end(
          '<!doctype html><html lang="en"><head><title>blank</title><link rel="icon" href="data:,"></head></html>',
        );
      });
    },
  };
}
