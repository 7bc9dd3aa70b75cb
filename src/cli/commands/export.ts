import { join } from 'node:path';
import {
  encodeInferenceModel,
  exportModel,
  exportRun,
  ModelError,
  networkOf,
  readModelCard,
  runFiles,
  weightsFromSafetensors,
  type ExportOptions,
  type InferenceOptions,
  type Network,
  type RunSpec,
} from '../../index.js';
import { readFileBytes, writeFileSafely } from '../../files-node.js';
import { defined } from '../../checks.js';
import { classNames } from '../../train/spec/class-names.js';
import { defineCommand } from '../command.js';
import { print, writeJson } from '../io.js';
import { names } from '../names-option.js';
import { required, text } from '../options.js';
import { optionsOf, specFrom } from '../spec-flags.js';
import { bytes, shellWord } from '../text.js';
import { exists, loadCard } from '../train/run-folder.js';

/** A run's weights as a classifier. */
export const exportCommand = defineCommand({
  name: 'export',
  usage: 'export <source>',
  describe: "Write a run's classifier as .onnx",
  positionals: { source: required(text('a run folder, or an .onnx file that ort-train wrote')) },
  options: {
    out: required(text('the .onnx file to write')),
    labels: names('labels of the classes in their order'),
    ...optionsOf('foldBatchNorm'),
  },
  examples: [
    ['export runs/mnist --out digits.onnx', 'the weights of the last checkpoint'],
    ['export runs/pets --out pets.onnx --labels cat,dog', 'with other labels'],
    ['export runs/pets --out pets.onnx --no-fold-batch-norm', 'every weight under its name'],
  ],
  async run(args, io) {
    const { source, out, labels, json } = args;
    const { foldBatchNorm } = specFrom({ foldBatchNorm: args['foldBatchNorm'] });
    const model = await exportFrom(source, out, defined({ classes: labels, foldBatchNorm }));
    if (json) {
      writeJson(io, {
        event: 'done',
        model: out,
        source,
        bytes: model.byteLength,
        ...(labels && { classes: labels }),
      });
    } else {
      print(
        io,
        `${out} (${bytes(model.byteLength)})`,
        `try it: npx ort-train predict ${shellWord(out)} image.png`,
      );
    }
  },
});

/** A folder with `run.json` says how its network is built: any checkpoint of it can be exported, folded or not. */
async function exportFrom(source: string, out: string, options: ExportOptions): Promise<Uint8Array> {
  const hasModel = await exists(join(source, runFiles.model));
  const hasCheckpoint = await exists(join(source, runFiles.checkpoint));
  const run = hasCheckpoint ? await loadCard(source) : undefined;
  if (run !== undefined) {
    const bytes = await exportSaved(source, run, options);
    await writeFileSafely(out, bytes);
    return bytes;
  }
  if (hasCheckpoint && !hasModel) {
    throw new ModelError(`${source}: expected a run with ${runFiles.model} or run.json, but it has neither`);
  }
  return exportRun(source, out, options);
}

/** The weights of the checkpoint in the network of the run's settings, with what its model says about itself. */
async function exportSaved(source: string, run: RunSpec, options: ExportOptions): Promise<Uint8Array> {
  const network = networkOf(run);
  const path = join(source, runFiles.checkpoint);
  const { weights } = weightsFromSafetensors(network, await readFileBytes(path), path);
  const model = join(source, runFiles.model);
  const card = (await exists(model))
    ? readModelCard(await readFileBytes(model), model)
    : cardOf(run, network);
  return exportModel(
    { name: source, bytes: encodeInferenceModel(network, weights, card) },
    undefined,
    options,
  );
}

/** What is known about a run that was interrupted before it wrote its model. */
function cardOf(
  { dataOptions, normalization, preprocess, background, data }: RunSpec,
  network: Network,
): InferenceOptions {
  const plain = Array.from({ length: network.input[0] });
  return {
    classes: classNames(network.classes, dataOptions?.classes),
    normalization: { mean: plain.map(() => 0), std: plain.map(() => 1), ...normalization },
    ...(preprocess && background && { preprocessing: { transforms: preprocess, background } }),
    provenance: { data },
  };
}
