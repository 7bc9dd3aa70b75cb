import { messageOf, WorkerError } from '../errors.js';
import { Caller } from './caller.js';
import type { FromWorker } from './protocol.js';
import { RunOnPage } from './run-on-page.js';

/** A worker, or where its script is; undefined: beside this module. */
export type WorkerSource = Worker | URL | string | undefined;

/** A worker and what belongs to it on the page. */
export interface WorkerLink {
  readonly worker: Worker;
  readonly caller: Caller;
  readonly listening: AbortController;
  readonly runs: RunOnPage;
}

/** Wires a worker up: its messages, and what the browser says when it fails. */
export function linkWorker(given: WorkerSource): WorkerLink {
  const worker = makeWorker(given);
  const listening = new AbortController();
  const caller: Caller = new Caller(
    {
      postMessage: (message, transfer) => {
        worker.postMessage(message, transfer as ArrayBuffer[]);
      },
    },
    (event) => {
      runs.receive(event);
    },
  );
  const runs = new RunOnPage(caller);
  const { signal } = listening;
  let answered = false;
  worker.addEventListener(
    'message',
    ({ data }: MessageEvent<FromWorker>) => {
      answered = true;
      caller.receive(data);
    },
    { signal },
  );
  worker.addEventListener(
    'error',
    ({ message, filename, lineno }) => {
      // If the script could not be fetched there is no message: browsers do not tell a page why.
      const reason = answered || message ? `it failed: ${message} (${filename}:${lineno})` : notLoaded(given);
      caller.lose(new WorkerError(`the worker is lost: ${reason}`));
      worker.terminate();
    },
    { signal },
  );
  worker.addEventListener(
    'messageerror',
    () => {
      caller.lose(new WorkerError('the worker is lost: a message of it cannot be read'));
      worker.terminate();
    },
    { signal },
  );
  return { worker, caller, listening, runs };
}

function makeWorker(given: WorkerSource): Worker {
  try {
    if (given === undefined) {
      // Bundlers look for this very expression.
      return new Worker(new URL('./worker-web.js', import.meta.url), { type: 'module' });
    }
    return given instanceof Worker ? given : new Worker(given, { type: 'module' });
  } catch (cause) {
    throw new WorkerError(`the worker cannot start: ${messageOf(cause)}; ${notLoaded(given)}`, { cause });
  }
}

function notLoaded(given: WorkerSource): string {
  const script =
    given === undefined || given instanceof Worker ? 'its script' : `its script ${String(given)}`;
  const isolated = crossOriginIsolated
    ? ', with the header Cross-Origin-Embedder-Policy that the page has'
    : '';
  return `${script} cannot be loaded: expected JavaScript from the page's own origin${isolated}`;
}

/**
 * Browsers do not report that they end a worker, e.g. for lack of memory, but they release its locks: the worker holds one
 * as long as it lives, and whoever gets it knows that it is gone.
 */
export function watchWorker(alive: string, caller: Caller, signal: AbortSignal): void {
  const locks = (navigator as { readonly locks?: LockManager }).locks;
  locks
    ?.request(alive, { signal }, () => {
      caller.lose(
        new WorkerError(
          'the worker is lost: the browser ended it, often for want of memory. Start another one; ' +
            "train({ resume: 'stored' }) goes on from the last checkpoint, a smaller batchSize takes less memory",
        ),
      );
    })
    .catch((error: unknown) => {
      // Released by `dispose`.
      if (!signal.aborted) throw error;
    });
}

/** A page that is hidden may never be shown again: phones end such pages without notice. */
export function saveWhenHidden(caller: Caller, runs: RunOnPage, signal: AbortSignal): void {
  if (typeof document === 'undefined') return;
  const save = (): void => {
    if (!runs.isRunning || document.visibilityState !== 'hidden') return;
    // The run itself warns of what cannot be stored.
    caller.call('saveQuietly', []).catch(() => undefined);
  };
  document.addEventListener('visibilitychange', save, { signal });
  addEventListener('pagehide', save, { signal });
}
