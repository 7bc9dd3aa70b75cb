import { OptionError, ShapeError } from '../errors.js';
import { formatShape, type Shape, type Value } from '../ir/index.js';
import { Builder } from '../ops/index.js';
import { randomSource, type Initializer } from './init.js';
import type { LayerContext, Net, StateSpec } from './net.js';

/** A network: what goes in, what comes out, and the layers between. */
export interface Network {
  readonly name: string;
  /** Channels, height and width of an input image. */
  readonly input: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  readonly net: Net;
  /** Every parameter and buffer, in the order in which the layers make them. */
  readonly state: readonly StateSpec[];
}

/** What `defineNetwork` takes. */
export interface NetworkDescription {
  readonly name: string;
  readonly input: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  readonly net: Net;
}

/**
 * A network from its layers. Throws ShapeError if the layers do not fit one another or do not end in [N, classes].
 *
 * @example
 * const network = defineNetwork({
 *   name: 'tiny', input: [1, 28, 28], classes: 10,
 *   net: chain(conv(8, 5), relu(), globalAveragePool(), linear(10)),
 * });
 */
export function defineNetwork(description: NetworkDescription): Network {
  const { name, input, classes, net } = description;
  for (const [what, value] of Object.entries({
    channels: input[0],
    height: input[1],
    width: input[2],
    classes,
  })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new OptionError(`network ${name}: ${what}: expected a whole number of at least 1, got ${value}`);
    }
  }
  const state: StateSpec[] = [];
  const b = new Builder();
  const x = b.input('input', 'float32', ['N', ...input]);
  const take = (spec: StateSpec): Value => {
    if (state.some((other) => other.name === spec.name)) {
      throw new OptionError(
        `network ${name}: two tensors are called '${spec.name}'; give one layer another name`,
      );
    }
    state.push(spec);
    return b.input(`state.${spec.name}`, 'float32', spec.shape);
  };
  const logits = buildLayers(b, net, x, { training: true, take, update: () => undefined });
  const expected: Shape = ['N', classes];
  if (formatShape(logits.shape) !== formatShape(expected)) {
    throw new ShapeError(
      `network ${name}: expected logits ${formatShape(expected)}, got ${formatShape(logits.shape)}`,
    );
  }
  return { name, input, classes, net, state };
}

/** How `buildLayers` gets at parameters and buffers. */
export interface BuildOptions {
  readonly training: boolean;
  /** The value of a parameter or buffer. */
  readonly take: (spec: StateSpec) => Value;
  /** Called with the value that a buffer has after the step. */
  readonly update: (name: string, value: Value) => void;
}

/** Adds the nodes of a net to a builder and returns its result. */
export function buildLayers(b: Builder, net: Net, x: Value, { training, take, update }: BuildOptions): Value {
  const counters = new Map<string, number>();
  const path = (name: string): string => (b.layer === '' ? name : `${b.layer}.${name}`);
  const state =
    (kind: StateSpec['kind']) =>
    (name: string, shape: readonly number[], init: Initializer): Value =>
      take({ kind, name: path(name), shape, init });
  const context: LayerContext = {
    b,
    training,
    parameter: state('parameter'),
    buffer: state('buffer'),
    update: (name, value) => {
      update(path(name), value);
    },
    layer(kind, name, body) {
      if (name !== undefined) return b.scope(name, body);
      const count = (counters.get(path(kind)) ?? 0) + 1;
      counters.set(path(kind), count);
      return b.scope(`${kind}${count}`, body);
    },
  };
  return net.build(context, x);
}

/** Fresh values of a network's parameters and buffers, by name, from one seed. */
export function initialState(network: Network, seed: number): ReadonlyMap<string, Float32Array> {
  const random = randomSource(seed);
  return new Map(
    network.state.map(({ name, shape, init }) => {
      const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
      init.fill(data, random);
      return [name, data] as const;
    }),
  );
}
