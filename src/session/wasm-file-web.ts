import { DeviceError, messageOf } from '../errors.js';

/** The execution providers of onnxruntime-web that are used here. */
export type WebDevice = 'wasm' | 'webgpu';

/** The files of the runtime that are fetched when it starts. */
export interface RuntimeFiles {
  /** URL of the WebAssembly. */
  readonly wasm: string;
  /** URL of the script that its threads run. */
  readonly mjs: string;
}

let folder: string | undefined;

/** Where the files of the runtime lie. */
export interface RuntimeOptions {
  /**
   * URL of the folder that holds onnxruntime-web's files, relative to the page or worker that calls:
   * `ort-wasm-simd-threaded.wasm` and, for more than one thread, `ort-wasm-simd-threaded.mjs`; for webgpu both with
   * `.asyncify` before the ending. Default: where the bundler has put them.
   */
  readonly wasmPaths?: string;
}

/**
 * Says where the runtime's files lie; to be called before the first session of a page, and again in each worker. Throws
 * DeviceError for what is no URL.
 *
 * @example
 * configureRuntime({ wasmPaths: '/static/onnxruntime/' });
 */
export function configureRuntime(options: RuntimeOptions): void {
  const { wasmPaths } = options;
  try {
    folder =
      wasmPaths && new URL(wasmPaths.endsWith('/') ? wasmPaths : `${wasmPaths}/`, self.location.href).href;
  } catch (cause) {
    throw new DeviceError(`wasmPaths: expected the URL of a folder, got ${JSON.stringify(wasmPaths)}`, {
      cause,
    });
  }
}

/** Where the files of an execution provider lie, as `configureRuntime` says; undefined where the bundler knows it. */
export function configuredFiles(device: WebDevice): RuntimeFiles | undefined {
  if (folder === undefined) return undefined;
  const name = `${folder}ort-wasm-simd-threaded${device === 'webgpu' ? '.asyncify' : ''}`;
  return { wasm: `${name}.wasm`, mjs: `${name}.mjs` };
}

/**
 * Where bundlers put the files for threads; the addresses are written out because bundlers look for that form. ONNX
 * Runtime's own way is to run the chunk that it was bundled into once more in each thread, and that may be a whole program.
 */
export function bundledFiles(device: WebDevice): RuntimeFiles {
  if (device === 'webgpu') {
    return {
      wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url).href,
      mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs', import.meta.url).href,
    };
  }
  return {
    wasm: new URL('onnxruntime-web/ort-wasm-simd-threaded.wasm', import.meta.url).href,
    mjs: new URL('onnxruntime-web/ort-wasm-simd-threaded.mjs', import.meta.url).href,
  };
}

/** Sees which WebAssembly files are asked for until it is stopped: only the bundler knows where it has put them. */
export class WasmRequests {
  readonly #urls: string[] = [];
  // Not the list of resource timings, which stops growing at 250.
  readonly #observer = new PerformanceObserver((list) => {
    this.#add(list.getEntries());
  });

  constructor() {
    this.#observer.observe({ type: 'resource' });
  }

  /** The last file asked for; undefined where there was none. */
  async stop(): Promise<string | undefined> {
    // Entries are queued in a task of their own, after the response has ended.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#add(this.#observer.takeRecords());
    this.#observer.disconnect();
    return this.#urls.at(-1);
  }

  #add(entries: readonly PerformanceEntry[]): void {
    for (const { name } of entries) if (/\.wasm(?:[?#]|$)/.test(name)) this.#urls.push(name);
  }
}

/** Why threads cannot run their script; undefined where they can. */
export async function scriptTrouble(url: string): Promise<string | undefined> {
  try {
    // It does nothing but export a function; ONNX Runtime gets it from the browser's list of modules afterwards.
    await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
    return undefined;
  } catch {
    return `${url}: expected a script, got ${await describeDelivery(url)}`;
  }
}

/**
 * What to fix about the WebAssembly file although it starts: browsers compile it while it loads only if it comes with its
 * type. Empty where there is nothing to fix, or no way to tell.
 */
export async function typeNotice(url: string | undefined): Promise<readonly string[]> {
  if (url === undefined) return [];
  try {
    const { headers, ok } = await fetch(url, { method: 'HEAD', credentials: 'same-origin' });
    const type = headers.get('content-type') ?? 'no content type';
    if (!ok || type.startsWith('application/wasm')) return [];
    return [`${url} came as ${type}; served as application/wasm it would be compiled while it loads`];
  } catch {
    return [];
  }
}

/** Whether an error of the runtime says that it could not start, rather than that it rejects the model. */
export function isStartFailure(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('no available backend found');
}

/** Why the runtime could not start: where its WebAssembly is the reason, which file it is and what came instead. */
export async function startError(cause: unknown, url: string | undefined): Promise<DeviceError> {
  const reason = String(cause)
    .replace(/^Error: no available backend found\. ERR: \[\w+\] /, '')
    .replace(/\s+/g, ' ');
  if (url === undefined) return new DeviceError(reason, { cause });
  const came = await describeDelivery(url);
  if (came.startsWith('WebAssembly'))
    return new DeviceError(`${url} came, but does not start: ${reason}`, { cause });
  return new DeviceError(`${url}: expected WebAssembly, got ${came}`, { cause });
}

/** What is served at a URL, for an error message: `a page of HTML (status 200, text/html)`. */
async function describeDelivery(url: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch (error) {
    return `nothing (${messageOf(error)})`;
  }
  const type = response.headers.get('content-type') ?? 'no content type';
  const what = response.ok ? kindOf(await firstBytes(response)) : 'no file';
  return `${what} (status ${response.status}, ${type})`;
}

function kindOf(start: Uint8Array): string {
  if ([0x00, 0x61, 0x73, 0x6d].every((byte, i) => start[i] === byte)) return 'WebAssembly';
  const text = new TextDecoder().decode(start).trimStart().toLowerCase();
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) return 'a page of HTML';
  return start.length === 0 ? 'an empty file' : 'something else';
}

async function firstBytes(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  try {
    const { value } = await reader.read();
    return (value ?? new Uint8Array()).subarray(0, 64);
  } finally {
    await reader.cancel();
  }
}
