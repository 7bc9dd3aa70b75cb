/** One picture of any size, as decoders give it and transforms take it. */
export interface Picture {
  /** Samples 0..255, interleaved: [height, width, channels]. */
  readonly data: Uint8Array;
  /** 1 for grey, 3 for red, green and blue; a data set in memory may have others. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}
