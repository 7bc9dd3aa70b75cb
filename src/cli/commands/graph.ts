import {
  buildGraph,
  buildInferenceGraph,
  encodeModel,
  graphKinds,
  initialState,
  lowerPortable,
  networkOf,
  OptionError,
  printGraph,
  type Graph,
  type GraphKind,
  type Network,
  type OptimizerOptions,
} from '../../index.js';
import { writeFileSafely } from '../../files-node.js';
import { defineCommand } from '../command.js';
import { print, writeJson } from '../io.js';
import { layersOf, summaryLines } from '../layer-table.js';
import { choice, flag, or, preset, text, whole } from '../options.js';
import { optionsOf, specFrom } from '../spec-flags.js';
import { bytes } from '../text.js';

/** The graphs themselves, to look at. */
export const graph = defineCommand({
  name: 'graph',
  usage: 'graph',
  describe: 'Print a graph or its layers',
  positionals: {},
  options: {
    preset: or(preset, 'mnist-cnn'),
    kind: or(choice(`which graph: ${graphKinds.join(', ')}`, graphKinds), 'training'),
    summary: or(flag('list the layers with shapes and parameters instead'), false),
    portable: or(flag('as the .onnx has it: operators of the standard domain only'), false),
    batch: { ...whole('images in a batch', 1), fallback: 'open' },
    out: text('file to write: .onnx for the model, anything else for the text'),
    ...optionsOf('optimizer', 'classes', 'channels', 'imageSize'),
  },
  examples: [
    ['graph --preset mnist-cnn --kind training', 'forward, loss and backward as text'],
    ['graph --kind step --batch 64 --out step.onnx', 'to open in Netron'],
    ['graph --preset resnet18 --summary', 'a table of the layers'],
  ],
  async run(args, io) {
    const { kind, out, json, batch } = args;
    const spec = specFrom(args);
    const network = networkOf(spec);
    if (args.summary) {
      const layers = layersOf(network);
      if (json) writeJson(io, { event: 'done', network: network.name, layers });
      else print(io, ...summaryLines(network, layers));
      return;
    }
    const made = build(network, kind, spec.optimizer ?? { kind: 'adam' }, batch);
    const portable = args.portable || out?.endsWith('.onnx') === true ? lowerPortable(made) : made;
    const nodes = portable.nodes.length;
    if (out === undefined) {
      const printed = printGraph(portable);
      if (json) writeJson(io, { event: 'done', network: network.name, kind, nodes, text: printed });
      else io.stdout.write(printed);
      return;
    }
    const content = out.endsWith('.onnx') ? encodeModel(portable) : printGraph(portable);
    await writeFileSafely(out, content);
    const size = Buffer.byteLength(content);
    if (json) writeJson(io, { event: 'done', network: network.name, kind, nodes, file: out, bytes: size });
    else print(io, `${out} (${bytes(size)}, ${nodes} nodes)`);
  },
});

function build(
  network: Network,
  kind: GraphKind,
  optimizer: OptimizerOptions,
  batch: number | undefined,
): Graph {
  if (kind !== 'inference')
    return buildGraph(network, kind, { optimizer, ...(batch !== undefined && { batch }) });
  if (batch !== undefined)
    throw new OptionError('--batch: the inference graph leaves the batch open; leave it out');
  return buildInferenceGraph(network, initialState(network, 0));
}
