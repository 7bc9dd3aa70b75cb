import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

// `npm test` builds it.
const script = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line; `onText` sees what it has printed so far. */
async function spawned(
  argv: readonly string[],
  onText: (text: string, child: ReturnType<typeof spawn>) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...argv], { cwd: tempFolder(), stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
    onText(stdout, child);
  });
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

describe.skipIf(!existsSync(script))('the built command line', () => {
  const data = folderOf(digitFiles());
  const train = [
    'train',
    '--preset',
    'mnist-cnn-small',
    '--data',
    data,
    '--batch-size',
    '4',
    '--epochs',
    // Without end.
    '1000000',
  ];

  test('trains the embedded digits by default', async () => {
    const { status, stdout, stderr } = await spawned(['train', '--max-steps', '1', '--also-test', 'none']);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('mnist-cnn, 323,268 parameters');
    expect(stdout).toContain('runs/mnist-cnn-digits/model.onnx');
  });

  test('stops at Ctrl-C with a checkpoint that can be resumed', async () => {
    const out = join(tempFolder(), 'run');
    let sent = false;
    const { status, stdout, stderr } = await spawned(
      [...train, '--out', out, '--log-every', '1'],
      (text, child) => {
        if (!sent && text.includes('step 3 ')) sent = child.kill('SIGINT');
      },
    );
    expect(status).toBe(130);
    expect(stderr).toContain(`--resume ${join(out, 'checkpoint.safetensors')}`);
    expect(stderr).not.toMatch(/^\s+at /m);
    // The signal is seen between two steps: the run has hardly begun.
    const steps = Number(/stopped after step (\d+)/.exec(stderr)?.[1]);
    expect(stdout.match(/^step /gm)?.length).toBe(steps);
    const resumed = await cli(
      'train',
      '--resume',
      out,
      '--max-steps',
      String(steps + 1),
      '--log-every',
      '1',
      '--json',
    );
    expect(resumed.events[1]).toMatchObject({ event: 'step', step: steps + 1 });
  });

  test('a second Ctrl-C ends it at once', async () => {
    let sent = false;
    const { status } = await spawned([...train, '--log-every', '1'], (text, child) => {
      if (sent || !text.includes('step 3 ')) return;
      sent = child.kill('SIGINT');
      child.kill('SIGINT');
    });
    expect(status).toBe(130);
  });

  test('in JSON the interruption is an event', async () => {
    let sent = false;
    const { status, stdout } = await spawned([...train, '--log-every', '1', '--json'], (text, child) => {
      if (!sent && text.includes('"event":"step"')) sent = child.kill('SIGTERM');
    });
    expect(status).toBe(143);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      event: 'error',
      code: 'aborted',
    });
  });

  test('a reader that goes away is no failure', async () => {
    let closed = false;
    // Longer than a pipe holds, so that the writer is still writing.
    const graph = ['graph', '--preset', 'resnet56-cifar', '--kind', 'step'];
    const { status, stdout, stderr } = await spawned(graph, (_, child) => {
      if (!closed) child.stdout?.destroy();
      closed = true;
    });
    expect(stdout.length).toBeGreaterThan(0);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
