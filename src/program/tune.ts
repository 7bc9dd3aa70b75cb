import { messageOf } from '../errors.js';
import { difference } from './check.js';
import { staticSize, type Graph, type TensorData, type Value } from '../ir/index.js';
import type { Tunable } from '../lower/cpu/index.js';
import { mix } from '../mix.js';
import type { Network } from '../net/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildGraph, type GraphOptions } from './graphs.js';
import type { NamedTensors, Target } from './target.js';

/** A loaded model with its feeds. */
export interface TimedModel {
  /** Runs it once; milliseconds. */
  run(): Promise<number>;
  dispose(): Promise<void>;
}

/** Loads a model; its runs write into `results`. */
export type LoadTimed = (
  model: Uint8Array,
  feeds: NamedTensors,
  results: NamedTensors,
) => Promise<TimedModel>;

/** What was found for convolutions of one shape. */
export interface TunedForm {
  readonly form: string;
  /** The form that the written heuristic would take. */
  readonly heuristic: string;
  /** How many nodes of the step are alike. */
  readonly nodes: number;
  /** The shortest run of each form, where it was measured in this run. */
  readonly ms?: Readonly<Record<string, number>>;
  /** Forms that do not run or give other numbers than the heuristic's, and why. */
  readonly rejected?: Readonly<Record<string, string>>;
}

/** How the forms of a step's convolutions were chosen. */
export interface TuningReport {
  /** Images in the batch that they were chosen for. */
  readonly batchSize: number;
  /** By operator, shapes and attributes. */
  readonly choices: Readonly<Record<string, TunedForm>>;
  /** How many of the choices were known from earlier runs, from the run that this one goes on with, and measured now. */
  readonly fromCache: number;
  readonly fromRun: number;
  readonly measured: number;
  /** Left to the written heuristic, because the time for measuring was over. */
  readonly untuned: number;
  /** Time for all of this. */
  readonly milliseconds: number;
}

/** Choices by the names of nodes, and the report. */
export interface Tuning {
  readonly choices: Readonly<Record<string, string>>;
  readonly report: TuningReport;
}

/** What tuning starts from and may do. */
export interface TuningSetup {
  /** Forms by key, as earlier runs found them. */
  readonly known: Readonly<Record<string, string>>;
  /** Loads what is to be measured; undefined: nothing is, `known` comes from the run that this one goes on with. */
  readonly load?: LoadTimed;
  /** Milliseconds for measuring; what is begun is finished. Default: 0.6 to 2.5 s, by the network's size. */
  readonly budget?: number;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
}

/** Operations below which a convolution is not measured: it takes 0.1 ms, of which the clock cannot tell 3 %. */
const LEAST_FLOPS = 1e7;
/** How much faster than the heuristic's another form must be: less is noise. */
const LEAST_GAIN = 0.03;
/** Milliseconds in which the shortest run of a form shows. */
const ENOUGH = 15;

/**
 * The fastest form of each convolution of a network's step: from `known`, or measured, those that take the most operations
 * first, until the time is over.
 *
 * @example
 * const { choices, report } = await tuneFor(cpuTarget(16), network, graph, 64, { known: {}, load });
 * const layout = layoutFor(cpuTarget(16), network, graph, choices);
 * const { model } = compileFor(cpuTarget(16), network, 'step', graph, { batch: 64, choices, layout });
 */
export async function tuneFor(
  target: Target,
  network: Network,
  graph: GraphOptions,
  batch: number,
  { known, load, budget, now = () => performance.now() }: TuningSetup,
): Promise<Tuning> {
  const start = now();
  const step = buildGraph(network, 'step', graph);
  const all = (target.tunables?.(step, batch) ?? []).filter(({ flops }) => flops >= LEAST_FLOPS);
  const limit = budget ?? Math.min(2500, 600 + all.reduce((sum, { flops }) => sum + flops, 0) / 1e8);
  const byKey: Record<string, TunedForm> = {};
  const byNode: Record<string, string> = {};
  const noise = noiseSource();
  const counts = { known: 0, measured: 0 };
  for (const tunable of all) {
    const { key, forms, nodes } = tunable;
    let form = forms.find((each) => each === known[key]);
    let found: Pick<TunedForm, 'ms' | 'rejected'> = {};
    if (form !== undefined) counts.known += 1;
    else if (load !== undefined && now() - start < limit) {
      ({ form, ...found } = await fastest(tunable, load, noise));
      counts.measured += 1;
    } else continue;
    byKey[key] = { form, heuristic: forms[0], nodes: nodes.length, ...found };
    for (const node of nodes) byNode[node] = form;
  }
  const isRun = load === undefined;
  return {
    choices: byNode,
    report: {
      batchSize: batch,
      choices: byKey,
      fromCache: isRun ? 0 : counts.known,
      fromRun: isRun ? counts.known : 0,
      measured: counts.measured,
      untuned: all.length - counts.known - counts.measured,
      milliseconds: Math.round(now() - start),
    },
  };
}

/** A form while it is measured. */
interface Trial {
  readonly form: string;
  readonly model: TimedModel;
  readonly results: NamedTensors;
  readonly times: number[];
}

async function fastest(
  { forms, trial }: Tunable,
  load: LoadTimed,
  noise: Noise,
): Promise<Pick<TunedForm, 'ms' | 'rejected'> & { readonly form: string }> {
  const [heuristic] = forms;
  const rejected: Record<string, string> = {};
  const trials: Trial[] = [];
  try {
    for (const form of forms) {
      try {
        trials.push(await begin(form, trial(form), load, noise));
      } catch (error) {
        rejected[form] = messageOf(error);
      }
    }
    const [reference, ...others] = trials;
    // Without the heuristic's numbers there is nothing to hold the others against.
    if (reference?.form !== heuristic) return { form: heuristic, rejected };
    for (const { form, results } of others) {
      const off = worst(results, reference.results);
      if (off > 1e-4) rejected[form] = `its numbers differ by ${off.toExponential(1)} of the largest`;
    }
    const good = trials.filter(({ form }) => rejected[form] === undefined);
    const won = await race(good, reference);
    // Whoever wins must win again, and over all: one race may fall into a moment when the machine does something else.
    const again = won === reference ? won : await race([reference, won], reference);
    return {
      form: isFaster(Math.min(...again.times), Math.min(...reference.times)) ? again.form : heuristic,
      ms: Object.fromEntries(good.map(({ form, times }) => [form, rounded(Math.min(...times))])),
      ...(Object.keys(rejected).length > 0 && { rejected }),
    };
  } finally {
    for (const { model } of trials) await model.dispose();
  }
}

async function begin(form: string, graph: Graph, load: LoadTimed, noise: Noise): Promise<Trial> {
  const feeds = Object.fromEntries(graph.inputs.map((input, i) => [input.name, noise(input, i)]));
  const results = Object.fromEntries(
    graph.outputs.map(({ name, value }) => {
      const data = new Float32Array(staticSize(value.shape));
      return [name, { dtype: 'float32', shape: value.shape.map(Number), data }] as const;
    }),
  );
  const model = await load(encodeModel(graph), feeds, results);
  try {
    await model.run();
    return { form, model, results, times: [await model.run()] };
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

/**
 * The form that is the fastest, by more than noise where it is not the heuristic's. All forms run in turn, so that whatever
 * else the machine does meets all of them; a short one twice in a row, the first time with the caches of another's data.
 */
async function race(trials: readonly Trial[], reference: Trial): Promise<Trial> {
  const known = ({ times }: Trial): number => Math.min(...times);
  const lead = Math.min(...trials.map(known));
  const found = new Map<Trial, number>();
  const best = (trial: Trial): number => found.get(trial) ?? Infinity;
  const inRow = lead < ENOUGH / 4 ? 2 : 1;
  const rounds = Math.max(2, Math.min(20, Math.ceil(ENOUGH / inRow / lead)));
  // What takes half as long again in its second run does not win, nor what is a quarter behind after two rounds.
  let close = trials.filter((trial) => trial === reference || known(trial) < 1.5 * lead);
  for (let round = 0; close.length > 1 && round < rounds; round++) {
    for (const trial of close) {
      for (let i = 0; i < inRow; i++) {
        const ms = await trial.model.run();
        trial.times.push(ms);
        found.set(trial, Math.min(best(trial), ms));
      }
    }
    if (round === 0) continue;
    const leader = Math.min(...close.map(best));
    close = close.filter((trial) => best(trial) < 1.25 * leader);
  }
  const fastest = close.reduce((a, b) => (best(b) < best(a) ? b : a));
  return isFaster(best(fastest), best(reference)) ? fastest : reference;
}

function isFaster(ms: number, reference: number): boolean {
  return ms < (1 - LEAST_GAIN) * reference;
}

function worst(results: NamedTensors, expected: NamedTensors): number {
  const differences = Object.entries(expected).map(([name, { data }]) =>
    difference(results[name]?.data, data),
  );
  return Math.max(...differences);
}

type Noise = (input: Value, index: number) => TensorData;

/** Numbers from -1 to 1 that repeat after 65,521 of them, a prime, so that no two rows of an image are alike. */
function noiseSource(): Noise {
  const period = Float32Array.from({ length: 65_521 }, (_, i) => (mix(i + 1) >>> 8) / 2 ** 23 - 1);
  let pool = period;
  return ({ shape }, index) => {
    const [size, start] = [staticSize(shape), index * 7919];
    if (pool.length < start + size) {
      pool = new Float32Array(start + size);
      for (let at = 0; at < pool.length; at += period.length)
        pool.set(period.subarray(0, pool.length - at), at);
    }
    return { dtype: 'float32', shape: shape.map(Number), data: pool.subarray(start, start + size) };
  };
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(4));
}
