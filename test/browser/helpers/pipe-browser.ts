import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { executable } from './browser.js';

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * Chromium as a person starts it, driven over a pipe. Playwright tells each page that it is looked at and keeps background
 * tabs at full speed, so that with it no tab is ever hidden.
 */
export class PipeBrowser {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #pending = new Map<number, (reply: Reply) => void>();
  #next = 1;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    let text = '';
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      // Each message ends with a zero byte.
      const messages = (text + chunk).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const reply = JSON.parse(message) as Reply;
        if (reply.id !== undefined) this.#pending.get(reply.id)?.(reply);
      }
    });
    // What is asked of a browser that has ended is never answered.
    process.on('exit', (status) => {
      const error = { message: `the browser has ended with status ${String(status)}` };
      for (const reply of this.#pending.values()) reply({ error });
    });
  }

  static start(): PipeBrowser {
    const folder = mkdtempSync(join(tmpdir(), 'ort-train-browser-'));
    const flags = ['--headless=new', '--no-sandbox', '--no-first-run', '--remote-debugging-pipe'];
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] as const;
    return new PipeBrowser(
      spawn(executable, [...flags, `--user-data-dir=${folder}`, 'about:blank'], { stdio: [...stdio] }),
      folder,
    );
  }

  /** Opens a tab in front of all others, and gives a function that evaluates JavaScript in it. */
  async openTab(url: string): Promise<(script: string) => Promise<unknown>> {
    const { targetId } = await this.#send<{ targetId: string }>('Target.createTarget', { url });
    const { sessionId } = await this.#send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    const evaluate = async (expression: string): Promise<unknown> => {
      const { result, exceptionDetails } = await this.#send<{
        readonly result: { readonly value?: unknown };
        readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
      }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the script failed');
      return result.value;
    };
    // Until the page is there it has nowhere to evaluate anything.
    while ((await evaluate('document.readyState + location.href').catch(() => '')) !== `complete${url}`) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return evaluate;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    // It may end before its answer comes.
    await this.#send('Browser.close').catch(() => undefined);
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, ({ result, error }) => {
        this.#pending.delete(id);
        if (error === undefined) resolve(result as T);
        else reject(new Error(`${method}: ${error.message}`));
      });
      const message = JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) });
      (this.#process.stdio[3] as Writable).write(`${message}\0`);
    });
  }
}
