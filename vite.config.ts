import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const root = import.meta.dirname;

/** Threads in wasm need SharedArrayBuffer, which browsers give only to pages that are isolated from other origins. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
} as const;

/**
 * Worker scripts are named as they are called once compiled (`./worker-web.js`), which is how other bundlers see them in
 * `dist/`; here the sources themselves are served, and Vite does not look for the `.ts` behind a worker's URL.
 */
export function workersInTypeScript(): Plugin {
  return {
    name: 'workers-in-typescript',
    enforce: 'pre',
    transform(code, id) {
      if (!id.startsWith(`${root}/src/`)) return undefined;
      const found = code.replace(
        /new URL\('(\.{1,2}\/[\w/-]+)\.js', import\.meta\.url\)/g,
        (_, path: string) => {
          return `new URL('${path}.ts', import.meta.url)`;
        },
      );
      return found === code ? undefined : { code: found, map: null };
    },
  };
}

/** What the page, its workers and the browser tests have in common. */
export default defineConfig({
  root: join(root, 'web'),
  // The built files run below any path of any host.
  base: './',
  plugins: [workersInTypeScript()],
  resolve: {
    alias: [
      { find: /^ort-train$/, replacement: join(root, 'src/index-web.ts') },
      { find: /^ort-train\/classifier$/, replacement: join(root, 'src/classifier-web.ts') },
    ],
  },
  // It finds its .wasm beside itself; copied into Vite's cache it would be alone.
  optimizeDeps: { exclude: ['onnxruntime-web'], entries: ['index.html', '../src/index-web.ts'] },
  server: { headers: isolationHeaders, fs: { allow: [root] } },
  preview: { headers: isolationHeaders },
  worker: { format: 'es', plugins: () => [workersInTypeScript()] },
  build: { target: 'es2022', outDir: 'dist', emptyOutDir: true, chunkSizeWarningLimit: 2000 },
});
