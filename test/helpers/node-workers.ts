import { mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Scripts of worker threads are named as they are called once compiled (`./x-node.js`), and Node loads them itself, without
 * Vite: the tests, which run the sources, compile each into one file and start that.
 */
export function nodeWorkers(): Plugin {
  const built = new Map<string, Promise<string>>();
  let folder: string | undefined;
  const compile = async (source: string): Promise<string> => {
    // Inside node_modules, where the compiled file finds packages.
    folder ??= mkdtempSync(join(root, 'node_modules/.node-workers-'));
    const name = `${basename(source, '.ts')}.mjs`;
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: source,
        outDir: folder,
        emptyOutDir: false,
        minify: false,
        rolldownOptions: { output: { entryFileNames: name } },
      },
    });
    return pathToFileURL(join(folder, name)).href;
  };
  return {
    name: 'node-workers',
    enforce: 'pre',
    async transform(code, id) {
      if (!id.startsWith(join(root, 'src/'))) return undefined;
      let changed = code;
      for (const [whole, script] of code.matchAll(
        /new URL\('(\.\/[\w/-]+-node)\.js', import\.meta\.url\)/g,
      )) {
        const source = join(id, '..', `${script ?? ''}.ts`);
        const url = built.get(source) ?? compile(source);
        built.set(source, url);
        changed = changed.replace(whole, `new URL(${JSON.stringify(await url)})`);
      }
      return changed === code ? undefined : { code: changed, map: null };
    },
    closeBundle() {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
