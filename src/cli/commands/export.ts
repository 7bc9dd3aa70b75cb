import { join } from 'node:path';
import {
  createTrainingArtifacts,
  exportModel,
  exportRun,
  ModelError,
  presetNetwork,
  runFiles,
} from '../../index.js';
import { readFileBytes, writeFileSafely } from '../../files-node.js';
import { defineCommand } from '../command.js';
import { print, writeJson } from '../io.js';
import { list, required, text } from '../options.js';
import { bytes, shellWord } from '../text.js';
import { exists, loadRun } from '../train/run-folder.js';

/** A run's weights as a classifier. */
export const exportCommand = defineCommand({
  name: 'export',
  usage: 'export <source>',
  describe: "Write a run's classifier as .onnx",
  positionals: { source: required(text('a run folder, or an .onnx file that ort-train wrote')) },
  options: {
    out: required(text('the .onnx file to write')),
    labels: list('labels of the classes in their order'),
  },
  examples: [
    ['export runs/mnist --out digits.onnx', 'the weights of the last checkpoint'],
    ['export runs/pets --out pets.onnx --labels cat,dog', 'with other labels'],
  ],
  async run({ source, out, labels, json }, io) {
    const options = labels === undefined ? {} : { classes: labels };
    const model = (await isUnfinished(source))
      ? await exportUnfinished(source, out, options)
      : await exportRun(source, out, options);
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

/** Whether a folder's run was interrupted before it wrote its model. */
async function isUnfinished(source: string): Promise<boolean> {
  if (await exists(join(source, runFiles.model))) return false;
  return exists(join(source, runFiles.checkpoint));
}

/** The weights of a checkpoint in the network that the run's settings name. */
async function exportUnfinished(
  source: string,
  out: string,
  options: { readonly classes?: readonly string[] },
): Promise<Uint8Array> {
  const run = await loadRun(source);
  if (run === undefined) {
    throw new ModelError(`${source}: expected a run with ${runFiles.model} or run.json, but it has neither`);
  }
  const network = presetNetwork(run.preset, run.network);
  const name = join(source, runFiles.checkpoint);
  const model = { name: run.preset, bytes: createTrainingArtifacts(network).inference };
  const result = exportModel(model, { name, bytes: await readFileBytes(name) }, options);
  await writeFileSafely(out, result);
  return result;
}
