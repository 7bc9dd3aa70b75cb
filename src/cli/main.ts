#!/usr/bin/env node
import { Interruption, type Io } from './io.js';
import { run } from './run.js';

/** The process's own streams and signals. */
function processIo(): Io {
  let interrupt: AbortController | undefined;
  // `| head` closes the pipe: a long run stops and keeps its checkpoint, anything else ends silently.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (interrupt === undefined) process.exit(0);
    interrupt.abort(new Interruption('EPIPE'));
  });
  process.stderr.on('error', () => undefined);
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interruptible() {
      if (interrupt !== undefined) return interrupt.signal;
      const controller = new AbortController();
      interrupt = controller;
      for (const kind of ['SIGINT', 'SIGTERM'] as const) {
        process.on(kind, () => {
          if (controller.signal.aborted) {
            // A progress bar may have hidden the cursor.
            if (process.stdout.isTTY) process.stdout.write('\u001B[?25h\n');
            process.exit(new Interruption(kind).status);
          }
          controller.abort(new Interruption(kind));
        });
      }
      return controller.signal;
    },
  };
}

process.exitCode = await run(process.argv.slice(2), processIo());
