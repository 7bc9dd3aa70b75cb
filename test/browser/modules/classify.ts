import { loadClassifier, OrtTrainError, type PredictOptions, type WebImage } from 'ort-train/classifier';

/** Models and images, as base64 or by URL; each image is given to the classifier in several ways. */
export interface ClassifyInput {
  readonly model: string;
  readonly images: readonly {
    readonly bytes: string;
    readonly as: ImageForm;
    readonly options?: PredictOptions;
  }[];
}

/** What an image is to the classifier. */
export type ImageForm =
  'bytes' | 'blob' | 'file' | 'bitmap' | 'canvas' | 'offscreen' | 'imagedata' | 'element';

/** By image: logits and what follows from them, or what went wrong. */
export type ClassifyOutput = readonly {
  readonly logits?: readonly number[];
  readonly label?: string;
  readonly probability?: number;
  readonly error?: string;
}[];

/** Classifies images. */
export default async function classify({ model, images }: ClassifyInput): Promise<ClassifyOutput> {
  const results: ClassifyOutput[number][] = [];
  try {
    const source = model.startsWith('base64,') ? decode(model.slice(7)) : model;
    const classifier = await loadClassifier(source, { threads: 1 });
    for (const { bytes, as, options } of images) {
      results.push(
        await attempt(async () => {
          const { logits, label, probability } = await classifier.predict(
            await formOf(decode(bytes), as),
            options,
          );
          return { logits: Array.from(logits), label, probability };
        }),
      );
    }
    await classifier.dispose();
  } catch (error) {
    results.push({ error: text(error) });
  }
  return results;
}

async function formOf(bytes: Uint8Array<ArrayBuffer>, as: ImageForm): Promise<WebImage> {
  const blob = new Blob([bytes]);
  if (as === 'bytes') return bytes;
  if (as === 'blob') return blob;
  if (as === 'file') return new File([bytes], 'picture.png');
  const bitmap = await createImageBitmap(blob);
  if (as === 'bitmap') return bitmap;
  if (as === 'element') {
    const element = new Image();
    element.src = URL.createObjectURL(blob);
    await element.decode();
    return element;
  }
  const canvas =
    as === 'canvas'
      ? Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height })
      : new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas instanceof OffscreenCanvas ? canvas.getContext('2d') : canvas.getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  const data = context?.getImageData(0, 0, bitmap.width, bitmap.height);
  return as === 'imagedata' && data !== undefined ? data : canvas;
}

async function attempt<T>(body: () => Promise<T>): Promise<T | { readonly error: string }> {
  try {
    return await body();
  } catch (error) {
    return { error: text(error) };
  }
}

function text(error: unknown): string {
  if (!(error instanceof OrtTrainError)) throw error;
  return `${error.name}: ${error.message}`;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
