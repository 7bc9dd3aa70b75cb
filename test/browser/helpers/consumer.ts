import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, type Rollup } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** A project that has ort-train installed, as npm would: compiled, with its package.json. Call `remove` when done. */
export interface Consumer {
  readonly folder: string;
  /** Writes a file of the project. */
  write(path: string, content: string): void;
  /** What the compiler says of the project with such options; empty where all types fit. */
  typeErrors(compilerOptions: Readonly<Record<string, unknown>>): string;
  remove(): void;
}

/** Compiles the package into a project of its own. Its dependencies are found in the checkout, in whose folder it lies. */
export function makeConsumer(): Consumer {
  const folder = mkdtempSync(join(root, 'node_modules/.ort-train-consumer-'));
  const installed = join(folder, 'node_modules/ort-train');
  mkdirSync(installed, { recursive: true });
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
      cwd: root,
      stdio: 'inherit',
    });
  } catch (error) {
    remove();
    throw error;
  }
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  const write = (path: string, content: string): void => {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  };
  // Without one, `ort-train` would be the checkout itself, in whose folder the project lies.
  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  return {
    folder,
    write,
    typeErrors(compilerOptions) {
      write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
      try {
        execFileSync(process.execPath, [tsc, '-p', '.'], { cwd: folder, encoding: 'utf8' });
        return '';
      } catch (error) {
        return String((error as { readonly stdout?: string }).stdout);
      }
    },
    remove,
  };
}

/** What a bundler made of a project. */
export interface Bundle {
  readonly folder: string;
  readonly chunks: readonly Rollup.OutputChunk[];
  /** By module of the bundle, those of its workers included: who imports it. */
  readonly importers: ReadonlyMap<string, readonly string[]>;
}

/** Bundles a project's `index.html` with Vite, nothing configured but what a test needs. */
export async function bundle(consumer: Consumer, external: readonly string[] = []): Promise<Bundle> {
  const importers = new Map<string, readonly string[]>();
  const chunks: Rollup.OutputChunk[] = [];
  const collector = (): Plugin => ({
    name: 'collect-modules',
    generateBundle(_, output) {
      for (const each of Object.values(output)) if (each.type === 'chunk') chunks.push(each);
      for (const id of this.getModuleIds()) {
        const info = this.getModuleInfo(id);
        importers.set(id, [...(info?.importers ?? []), ...(info?.dynamicImporters ?? [])]);
      }
    },
  });
  await build({
    configFile: false,
    root: consumer.folder,
    logLevel: 'error',
    plugins: [collector()],
    worker: { format: 'es', plugins: () => [collector()] },
    build: {
      target: 'es2022',
      outDir: 'built',
      chunkSizeWarningLimit: 5000,
      rolldownOptions: { external: [...external] },
    },
  });
  return { folder: join(consumer.folder, 'built'), chunks, importers };
}
