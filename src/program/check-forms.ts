import { checkLowering, TOLERANCE, type CheckReport } from './check.js';
import type { Lowering } from '../lower/index.js';
import type { Graph } from '../ir/index.js';
import { encodeModel } from '../onnx/index.js';
import { buildClip, buildGraph, type GraphOptions } from './graphs.js';
import type { LoweringOptions, NamedTensors, RunModel, Target } from './target.js';
import type { Network, TargetState } from './types.js';

/** How the two forms of a model are run, and on what. */
export interface CheckSetup {
  /** Runs the lowered form. */
  readonly run: RunModel;
  /** Runs the portable form; default: as the lowered one. */
  readonly runPortable?: RunModel;
  /** Inputs of the portable model by their names, for the batch that the lowering is made for. */
  readonly feedsFor: (inputs: readonly string[]) => NamedTensors;
}

/** The two forms of a model, to be compared. */
export interface CheckedForms {
  readonly kind: 'training' | 'eval' | 'clip';
  readonly portable: Graph;
  readonly lowering: Lowering;
  readonly layout: TargetState;
  /** The target's form. */
  readonly model: Uint8Array;
}

/** Both forms of a model, as `checkForms` compares them. */
export function formsToCheck(
  target: Target,
  network: Network,
  kind: CheckedForms['kind'],
  graph: GraphOptions,
  options: LoweringOptions,
): CheckedForms {
  const portable = kind === 'clip' ? buildClip(network) : buildGraph(network, kind, graph);
  const lowering = target.lower(portable, options);
  return { kind, portable, lowering, layout: options.layout, model: encodeModel(lowering.graph) };
}

/** Runs the portable and the target's form of a model on the same feeds and compares all that they give. */
export function checkForms(
  { portable, lowering, layout, model }: Omit<CheckedForms, 'kind'>,
  batch: number,
  { run, runPortable = run, feedsFor }: CheckSetup,
): Promise<CheckReport> {
  return checkLowering(
    {
      lowered: (_, feeds) => run(model, feeds),
      portable: (each, feeds) => runPortable(encodeModel(each), feeds),
    },
    ...([
      portable,
      { ...lowering, layout },
      batch,
      feedsFor(portable.inputs.map(({ name }) => name)),
    ] as const),
  );
}

/** Where the two forms of a model part. */
export interface FirstDifference {
  readonly layer: string;
  /** Name of the value in the portable graph. */
  readonly value: string;
  /** Largest difference, relative to the largest number; infinite where one side is not finite. */
  readonly difference: number;
}

/**
 * The first layer, in the order of the graph, after which the two forms of a model differ; undefined where none does. Each
 * layer's last value is made a result of both forms.
 */
export async function firstDifference(
  target: Target,
  network: Network,
  kind: 'training' | 'eval',
  graph: GraphOptions,
  options: LoweringOptions,
  setup: CheckSetup,
): Promise<FirstDifference | undefined> {
  const portable = buildGraph(network, kind, graph);
  const ends = portable.nodes.flatMap(({ layer, outputs: [value] }, i) => {
    const isLast = layer !== '' && portable.nodes[i + 1]?.layer !== layer;
    return isLast && value?.dtype === 'float32' ? [{ layer, value, name: `end.${i}` }] : [];
  });
  const shown = { ...portable, outputs: ends };
  const lowering = target.lower(shown, options);
  const { layout } = options;
  const forms = { portable: shown, lowering, layout, model: encodeModel(lowering.graph) };
  const { differences } = await checkForms(forms, options.batch, setup);
  const found = ends.find(({ name }) => (differences[name] ?? 0) > TOLERANCE);
  if (found === undefined) return undefined;
  return { layer: found.layer, value: found.value.name, difference: differences[found.name] ?? Infinity };
}
