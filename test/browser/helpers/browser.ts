import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { WAIT } from '../../helpers/limits.js';
import type { TestServer } from './server.js';

export const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** What a browser is started with. */
export interface BrowserOptions {
  /** Whether WebGPU has an adapter (SwiftShader, which computes on the CPU); default false: it has none. */
  readonly webgpu?: boolean;
  readonly args?: readonly string[];
}

/**
 * Starts Chromium without a window. Throws where there is none, and says how to get it.
 *
 * @example
 * const browser = await launch({ webgpu: true });
 */
export async function launch({ webgpu = false, args = [] }: BrowserOptions = {}): Promise<Browser> {
  if (!existsSync(executable)) {
    throw new Error(
      `no Chromium at ${executable}: apt-get install chromium, or name another one in CHROMIUM`,
    );
  }
  const gpu = webgpu ? ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] : [];
  const browser = await chromium.launch({
    ...{ executablePath: executable, timeout: WAIT },
    args: ['--no-sandbox', ...gpu, ...args],
  });
  // Playwright's own limit of 30 s is one for idle machines.
  browser.on('context', (context) => {
    context.setDefaultTimeout(WAIT);
  });
  return browser;
}

/** A page in which modules of the tests run, and what went wrong in it without anybody catching it. */
export interface TestPage {
  readonly page: Page;
  /** Errors that the page or its workers wrote to the console or did not catch. */
  readonly errors: readonly string[];
  /** Calls the default export of a module of `test/browser/modules/` in the page. What goes in and out is JSON. */
  readonly run: <Out>(module: string, input?: unknown) => Promise<Out>;
  /** As `run`, in a module worker of its own that ends afterwards. */
  readonly runInWorker: <Out>(module: string, input?: unknown) => Promise<Out>;
}

/** Opens a blank page of the server, or another URL of it; pages of one context share their storage. */
export async function openPage(
  browser: Browser | BrowserContext,
  server: TestServer,
  url = server.blank,
): Promise<TestPage> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  const urlOf = (path: string): string => server.urlOf(fileURLToPath(new URL(path, import.meta.url)));
  return {
    page,
    errors,
    // As text: the test runner rewrites `import()` in functions.
    run: (module, input = null) =>
      page.evaluate(
        `import(${JSON.stringify(urlOf(`../modules/${module}`))}).then((module) => module.default(${JSON.stringify(input)}))`,
      ),
    runInWorker: (module, input) =>
      page.evaluate(
        async ([script, from, argument]) => {
          const worker = new Worker(script, { type: 'module' });
          try {
            return await new Promise<never>((resolve, reject) => {
              worker.onerror = (event) => {
                reject(new Error(`the worker failed: ${event.message}`));
              };
              worker.onmessage = ({ data }: MessageEvent<{ result?: unknown; error?: string }>) => {
                if (data.error === undefined) resolve(data.result as never);
                else reject(new Error(data.error));
              };
              worker.postMessage({ from, argument });
            });
          } finally {
            worker.terminate();
          }
        },
        [urlOf('module-worker.ts'), urlOf(`../modules/${module}`), input] as const,
      ),
  };
}
