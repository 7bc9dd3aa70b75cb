import type { Value } from '../ir/index.js';
import type { Builder } from '../ops/index.js';
import type { Initializer } from './init.js';

/** A tensor that belongs to a layer: trained (`parameter`) or only kept (`buffer`, e.g. a running mean). */
export interface StateSpec {
  readonly kind: 'parameter' | 'buffer';
  /** As in PyTorch's state_dict: `resblock1.conv1.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** Whether training leaves it as it is; see `freeze`. */
  readonly frozen: boolean;
}

/** What a layer builds with. */
export interface LayerContext {
  readonly b: Builder;
  /** True where batch statistics and dropout apply. */
  readonly training: boolean;
  /** The layer's parameter of that name, made by `init` at the start. */
  parameter(name: string, shape: readonly number[], init: Initializer): Value;
  /** The layer's buffer of that name. */
  buffer(name: string, shape: readonly number[], init: Initializer): Value;
  /** Whether the layer's tensor of that name is frozen. */
  isFrozen(name: string): boolean;
  /** Number of the training step, float32 scalar; only where `training`. */
  step(): Value;
  /** The value that a buffer has after this step. */
  update(name: string, value: Value): void;
  /** Runs `body` inside the layer `name`; without a name, inside `kind` and a running number (`conv1`, `conv2`). */
  layer(kind: string, name: string | undefined, body: () => Value): Value;
}

/** A layer or a composition of layers; plain immutable data with a function that builds its graph. */
export interface Net {
  /** Kind of layer: `conv`, `chain`, `add`. */
  readonly kind: string;
  /** One line for people: `conv 32, 5x5`. */
  readonly label: string;
  /** The layers that it joins, in their order; empty for a layer. */
  readonly children: readonly Net[];
  /** Adds the layer's nodes after `x` and returns its result. */
  build(context: LayerContext, x: Value): Value;
  /** The same net with another number of outputs; only for nets that end in a linear layer. See `replaceHead`. */
  readonly withOutputs?: (count: number) => Net;
}
