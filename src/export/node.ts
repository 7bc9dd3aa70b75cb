import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage, decodePicture } from '../data/node.js';
import { readFileBytes, writeFileSafely } from '../files-node.js';
import { createNodeSession } from '../session/node.js';
import type { SessionOptions } from '../program/index.js';
import { Classifier } from './classifier.js';
import { exportModel, type ExportOptions } from './export-model.js';
import { imageClassifier, type ImageClassifier } from './image-classifier.js';

/** A classifier that also takes image files: a path or bytes of a PNG, JPEG, ... file. */
export type NodeClassifier = ImageClassifier<string | Uint8Array>;

/**
 * Loads an exported `.onnx` for classifying images. Throws IoError for a file that cannot be read, ModelError for one
 * that is no classifier of ort-train's.
 *
 * @example
 * const classifier = await loadClassifier('model.onnx');
 * const { label, probability } = await classifier.predict('digit.png');
 */
export async function loadClassifier(
  pathOrBytes: string | Uint8Array,
  options: SessionOptions = {},
): Promise<NodeClassifier> {
  const isPath = typeof pathOrBytes === 'string';
  const bytes = isPath ? await readFileBytes(pathOrBytes) : pathOrBytes;
  const where = isPath ? pathOrBytes : 'model';
  const classifier = await Classifier.load(bytes, where, createNodeSession, options);
  return imageClassifier(classifier, { image: decodeImage, picture: decodePicture }, where);
}

/**
 * Exports a run's folder: its `model.onnx` with the weights of its `checkpoint.safetensors`, written to `out`. A path to
 * an `.onnx` file exports that one. Returns the bytes. Throws IoError for files that cannot be read or written, else as
 * `exportModel`.
 *
 * @example
 * await exportRun('runs/a', 'digits.onnx', { classes: ['zero', 'one', ...] });
 */
export async function exportRun(
  source: string,
  out: string,
  options: ExportOptions = {},
): Promise<Uint8Array> {
  const isFolder = await stat(source).then(
    (info) => info.isDirectory(),
    () => false,
  );
  const modelPath = isFolder ? join(source, 'model.onnx') : source;
  const model = { name: modelPath, bytes: await readFileBytes(modelPath) };
  const checkpointPath = join(source, 'checkpoint.safetensors');
  const checkpoint = isFolder
    ? { name: checkpointPath, bytes: await readFileBytes(checkpointPath) }
    : undefined;
  const bytes = exportModel(model, checkpoint, options);
  await writeFileSafely(out, bytes);
  return bytes;
}
