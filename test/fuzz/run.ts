import { createWriteStream } from 'node:fs';
import { blockSize } from '../lower/helpers.js';
import { fuzz, type FuzzOptions } from './fuzz.js';
import type { FormName } from './forms.js';
import { TorchPeer } from './torch-peer.js';

/** What the command line says. */
export interface Flags {
  readonly seed: number;
  readonly cases: number;
  readonly only?: number | undefined;
  readonly kind?: string | undefined;
  readonly forms?: readonly FormName[] | undefined;
  readonly python: string;
  /** Where each result goes as a line of JSON. */
  readonly log?: string | undefined;
}

/** Runs the fuzzer for a person: prints failures as they come, then a summary; returns how many cases failed. */
export async function main({ seed, cases, only, kind, forms, python, log }: Flags): Promise<number> {
  const torch = await TorchPeer.start(python);
  console.log(
    torch === undefined ? `${python} has no PyTorch: the reference is alone` : `PyTorch ${torch.version}`,
  );
  console.log(blockSize === undefined ? 'no blocked operators on this CPU' : `blocks of ${blockSize}`);
  const options: FuzzOptions = {
    ...{ seed, cases, block: blockSize },
    ...(only !== undefined && { only }),
    ...(kind !== undefined && { kind }),
    ...(forms !== undefined && { forms }),
    ...(torch !== undefined && { torch }),
  };
  const file = log === undefined ? undefined : createWriteStream(log);
  const kinds = new Map<string, { cases: number; fallbacks: number; left: Set<string> }>();
  let [failed, redrawn, done] = [0, 0, 0];
  const start = performance.now();
  for await (const { index, test, wrong, left, fallback, redrawn: again } of fuzz(options)) {
    done++;
    if (again) redrawn++;
    if (test?.network !== undefined) {
      const entry = kinds.get(test.kind) ?? { cases: 0, fallbacks: 0, left: new Set<string>() };
      entry.cases++;
      if (fallback !== undefined) {
        entry.fallbacks++;
        console.log(`FALLS BACK --seed ${seed} --case ${index}: ${test.name}\n  ${fallback}`);
      }
      for (const node of left) entry.left.add(node.split(' ')[0] ?? '');
      kinds.set(test.kind, entry);
    }
    file?.write(`${JSON.stringify({ index, name: test?.name, wrong, left, fallback })}\n`);
    if (wrong.length === 0) continue;
    failed++;
    console.log(`FAILED --seed ${seed} --case ${index}: ${test?.name ?? ''}`);
    for (const line of wrong) console.log(`  ${line}`);
  }
  torch?.stop();
  file?.end();
  for (const [name, entry] of kinds) {
    const left = [...entry.left].join(', ') || 'nothing';
    console.log(
      `${name}: ${entry.cases} networks, ${entry.fallbacks} fall back; portable in the CPU's form: ${left}`,
    );
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`${done} cases, ${failed} failed, ${redrawn} drawn again, ${seconds} s`);
  return failed;
}
