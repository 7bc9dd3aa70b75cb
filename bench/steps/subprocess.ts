import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that answers each line it is given with one line of JSON. */
export interface Subprocess {
  /** Its next answer: to a line, or the first that it gives on its own. */
  ask(line?: string): Promise<unknown>;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

/** Starts one. What it cannot do becomes an error with the last line that it wrote on stderr. */
export function startSubprocess(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Subprocess {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      resolve();
    });
    child.on('error', (error) => {
      complaint = error.message;
      resolve();
    });
  });
  // A process that is gone closes its pipe; the missing answer says so.
  child.stdin.on('error', () => undefined);
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[
    Symbol.asyncIterator
  ]();
  return {
    async ask(line) {
      if (line !== undefined) child.stdin.write(`${line}\n`);
      const next = await lines.next();
      if (next.done !== true) return JSON.parse(next.value) as unknown;
      await ended;
      throw new Error(`${program}: ${complaint.trim().split('\n').at(-1) ?? 'it ended'}`);
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
