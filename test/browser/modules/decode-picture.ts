import { decodePicture, OrtTrainError, type DecodePictureOptions } from 'ort-train';

/** A file, its bytes in base64. */
export interface DecodeInput {
  readonly bytes: string;
  readonly options: DecodePictureOptions;
}

export interface DecodeOutput {
  readonly height?: number;
  readonly width?: number;
  readonly background?: string;
  /** In base64. */
  readonly data?: string;
  readonly error?: string;
}

/** Decodes files with the browser's decoder. */
export default async function decode(files: readonly DecodeInput[]): Promise<readonly DecodeOutput[]> {
  const outputs: DecodeOutput[] = [];
  for (const { bytes, options } of files) {
    const file = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
    try {
      const { data, channels: _, ...picture } = await decodePicture(file, options);
      const text = Array.from(data, (byte) => String.fromCharCode(byte)).join('');
      outputs.push({ ...picture, data: btoa(text) });
    } catch (error) {
      if (!(error instanceof OrtTrainError)) throw error;
      outputs.push({ error: `${error.name}: ${error.message}` });
    }
  }
  return outputs;
}
