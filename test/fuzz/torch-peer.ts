import { bindDims } from '../../src/lower/index.js';
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { prune, type Graph } from '../../src/ir/index.js';
import { at, type NdArray } from '../reference/array.js';
import type { FuzzCase } from './fuzz-case.js';
import type { Truth } from './judge.js';
import { quickly } from './quickly.js';

type Results = Readonly<Record<string, NdArray>>;

/** Operators that PyTorch does not have: their results are given to it. */
const given = new Set(['DropoutMask']);

/** PyTorch in a process of its own: it runs the forward graph in float64 and differentiates it by itself. */
export class TorchPeer {
  readonly version: string;
  readonly #questions: Writable;
  readonly #answers: AsyncIterator<string>;

  private constructor(questions: Writable, answers: AsyncIterator<string>, version: string) {
    this.#questions = questions;
    this.#answers = answers;
    this.version = version;
  }

  /** Starts it; undefined where that Python has no PyTorch. */
  static async start(python: string): Promise<TorchPeer | undefined> {
    const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const failed = new Promise<undefined>((resolve) => {
      child.on('error', () => {
        resolve(undefined);
      });
    });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await Promise.race([answers.next(), failed]);
    if (first === undefined || first.done === true) return undefined;
    return new TorchPeer(child.stdin, answers, first.value);
  }

  /** What differs from the reference; undefined where nothing does. */
  async compare(
    { graph, batch, grads }: FuzzCase,
    truth: Truth,
    feeds: Results,
  ): Promise<string | undefined> {
    const outputs = graph.outputs.filter(({ name }) => !(name in grads));
    const forward = prune(bindDims({ ...graph, outputs }, { N: batch }));
    this.#questions.write(`${JSON.stringify(question(forward, grads, feeds))}\n`);
    const said = await this.#answers.next();
    if (said.done === true) throw new Error('PyTorch ended');
    const answer = JSON.parse(said.value) as { error?: string; results?: Record<string, number[]> };
    if (answer.error !== undefined) return answer.error;
    for (const [name, values] of Object.entries(answer.results ?? {})) {
      const expected = truth.outputs[name]?.data ?? new Float64Array(0);
      const scale = expected.reduce((top, each) => Math.max(top, Math.abs(each)), 1e-3);
      const moves = (truth.moves[name]?.data ?? new Float64Array(0)).reduce(
        (top, each) => Math.max(top, each),
        0,
      );
      if (values.length !== expected.length)
        return `${name} has ${values.length} elements, not ${expected.length}`;
      const off = values.reduce((top, each, i) => Math.max(top, Math.abs(each - at(expected, i))), 0);
      // Rules hold some constants as float32, and so do means of float32 epsilons: 2^-24 = 6e-8 each.
      if (!(off <= 1e-6 * scale + 4 * moves))
        return `${name} is off by ${off.toExponential(2)} of ${scale.toExponential(2)}`;
    }
    return undefined;
  }

  stop(): void {
    this.#questions.end();
  }
}

function question(graph: Graph, grads: FuzzCase['grads'], feeds: Results): object {
  const masks = graph.nodes.filter(({ op }) => given.has(op.name)).flatMap(({ outputs }) => outputs);
  const known = quickly(
    prune({ ...graph, outputs: masks.map((value) => ({ name: value.name, value })) }),
    feeds,
  );
  const array = (name: string, { shape, data }: NdArray): object => ({ name, shape, data: Array.from(data) });
  return {
    inputs: graph.inputs.map(({ name, dtype }) => ({
      ...array(name, feeds[name] ?? { shape: [], data: new Float64Array(1) }),
      dtype,
    })),
    constants: [
      ...graph.constants.map(({ value, tensor }) => ({
        name: value.name,
        dtype: value.dtype,
        shape: tensor.shape,
        data: Array.from(tensor.data, Number),
      })),
      ...Object.entries(known).map(([name, value]) => ({ ...array(name, value), dtype: 'float32' })),
    ],
    nodes: graph.nodes
      .filter(({ op }) => !given.has(op.name))
      .map(({ op, inputs, outputs, attrs }) => ({
        op: op.name,
        inputs: inputs.map((value) => value?.name ?? null),
        outputs: outputs.map(({ name }) => name),
        attrs,
        shape: outputs[0]?.shape,
      })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: value.name })),
    grads,
  };
}
