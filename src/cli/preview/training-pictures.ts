import { prepareBatch, type Augment, type Dataset, type Picture } from '../../index.js';

/** Images of a data set as the network is shown them in an epoch, before they are normalised. */
export async function trainingPictures(
  set: Dataset,
  indices: readonly number[],
  {
    augment,
    seed,
    epoch = 0,
  }: { readonly augment?: Augment; readonly seed: number; readonly epoch?: number },
): Promise<readonly Picture[]> {
  const seeded = augment && { augment, seed, epoch };
  const { images } = await prepareBatch(set, indices, undefined, {}, seeded);
  const [channels, height, width] = set.shape;
  const area = height * width;
  return indices.map((_, item) => {
    const data = new Uint8Array(channels * area);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) {
        // Without a normalisation, a batch holds pixel / 255.
        data[channels * i + c] = Math.round(255 * (images[(item * channels + c) * area + i] ?? 0));
      }
    }
    return { data, channels, height, width };
  });
}
