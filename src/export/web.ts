import { decodeImage, decodePicture, type WebImage } from '../data/image-web.js';
import { IoError, messageOf } from '../errors.js';
import type { SessionOptions } from '../program/index.js';
import { createWebSession } from '../session/web.js';
import { Classifier } from './classifier.js';
import { imageClassifier, type ImageClassifier } from './image-classifier.js';

/** A classifier that also takes files, canvases and whatever else a browser shows as a picture. */
export type WebClassifier = ImageClassifier<WebImage>;

/**
 * Loads an exported `.onnx` for classifying images: from its bytes, from a file that the user gave, or from a URL (a
 * string is one, relative to the page). Throws IoError for a URL that gives no file, ModelError for what is no classifier
 * of ort-train's, DeviceError where ONNX Runtime cannot start.
 *
 * @example
 * const classifier = await loadClassifier('model.onnx');
 * const { label, probability } = await classifier.predict(canvas, { resize: true });
 */
export async function loadClassifier(
  source: string | URL | Blob | Uint8Array,
  options: SessionOptions = {},
): Promise<WebClassifier> {
  const { bytes, where } = await read(source);
  return imageClassifier(
    await Classifier.load(bytes, where, createWebSession, options),
    { image: (image: WebImage, how) => decodeImage(image, how), picture: decodePicture },
    where,
  );
}

async function read(source: string | URL | Blob | Uint8Array): Promise<{ bytes: Uint8Array; where: string }> {
  if (source instanceof Uint8Array) return { bytes: source, where: 'model' };
  if (source instanceof Blob) {
    const where = source instanceof File ? source.name : 'model';
    return { bytes: new Uint8Array(await source.arrayBuffer()), where };
  }
  const where = String(source);
  let reason: unknown;
  try {
    const response = await fetch(source);
    if (response.ok) return { bytes: new Uint8Array(await response.arrayBuffer()), where };
    reason = `the server answers ${response.status} ${response.statusText}`.trim();
  } catch (error) {
    reason = error;
  }
  throw new IoError(`cannot read ${where}: ${messageOf(reason)}`, { cause: reason });
}
