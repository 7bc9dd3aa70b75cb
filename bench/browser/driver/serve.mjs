// Builds pages and serves them as a static host would, isolated from other origins, which threads
// in wasm need.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, loadConfigFromFile, mergeConfig, preview } from 'vite';

const here = join(import.meta.dirname, '..');
const repository = join(here, '../..');
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));

/** Installs the peers, which only this folder depends on, if they are not there. */
export function installPeers() {
  const missing = Object.keys(dependencies).filter((name) => !existsSync(join(here, 'node_modules', name)));
  if (missing.length === 0) return;
  console.error(`installing ${missing.join(', ')} into ${here} ...`);
  const npm = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', npm, { cwd: here, stdio: ['ignore', 2, 2] });
}

/** Versions of the peers, as the lockfile has them. */
export const peerVersions = () => {
  const { packages } = JSON.parse(readFileSync(join(here, 'package-lock.json'), 'utf8'));
  return Object.fromEntries(
    Object.keys(dependencies).map((name) => [name, packages[`node_modules/${name}`].version]),
  );
};

const sharedConfig = async () =>
  (await loadConfigFromFile({ command: 'build', mode: 'production' }, join(repository, 'vite.config.ts')))
    .config;

/** Serves a page, built as users would build it; `files` are bytes by path. Returns the address and `close`. */
export async function serve(files, root = join(here, 'page'), outDir = join(here, 'dist')) {
  const plugin = {
    name: 'files',
    configurePreviewServer({ middlewares }) {
      middlewares.use(({ url }, response, next) => {
        const bytes = files[url];
        if (bytes === undefined) return next();
        response.setHeader('content-type', 'application/octet-stream');
        return response.end(bytes);
      });
    },
  };
  return start({
    root,
    define: { __VERSIONS__: JSON.stringify(peerVersions()) },
    // TensorFlow.js makes its workers of the text of a function, which a minifier breaks.
    build: { outDir, minify: false },
    plugins: [plugin],
  });
}

/** Serves the playground as `npm run web:build` makes it. */
export const servePlayground = (outDir) => start({ build: { outDir } });

async function start(more) {
  const config = mergeConfig(mergeConfig(await sharedConfig(), more), {
    configFile: false,
    logLevel: 'warn',
    build: {
      emptyOutDir: true,
      reportCompressedSize: false,
      rolldownOptions: { checks: { pluginTimings: false } },
    },
    preview: { port: 0, host: '127.0.0.1' },
  });
  await build(config);
  const server = await preview(config);
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}
