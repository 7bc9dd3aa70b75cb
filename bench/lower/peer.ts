import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Wall and CPU milliseconds of one step. */
export interface StepTime {
  readonly wall: number;
  readonly cpu: number;
}

/** PyTorch in a process of its own, one step at a time. */
export interface Peer {
  steps(count: number): Promise<readonly StepTime[]>;
  stop(): void;
}

/** Starts the peer; `python` and `script` (torch_step.py) come from the environment. */
export async function startPeer(net: string, batch: number, threads: number): Promise<Peer> {
  const python = process.env['TORCH_PYTHON'] ?? '/opt/torchenv/bin/python';
  const script = process.env['TORCH_STEP'] ?? '/work/shared/bench/torch_step.py';
  const server = fileURLToPath(new URL('peer.py', import.meta.url));
  const child = spawn(python, [server, script, net, String(batch)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, THREADS: String(threads) },
  });
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[
    Symbol.asyncIterator
  ]();
  const answer = async (word: string): Promise<string> => {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) throw new Error(`the peer for ${net} ended before it said '${word}'`);
      if (next.value.startsWith(word)) return next.value.slice(word.length).trim();
    }
  };
  await answer('ready');
  return {
    async steps(count) {
      child.stdin.write(`${count}\n`);
      return (await answer('times')).split(' ').map((pair) => {
        const [wall = NaN, cpu = NaN] = pair.split('/').map(Number);
        return { wall, cpu };
      });
    },
    stop: () => void child.kill(),
  };
}
