import { readImages, type Dataset } from '../index.js';

/** Images read at a time where the labels are not known without. */
const AT_ONCE = 256;

/** Class index of each image of a data set. */
export async function labelsOf(set: Dataset): Promise<Int32Array> {
  if (set.labels !== undefined) return set.labels;
  const labels = new Int32Array(set.count);
  for (let start = 0; start < set.count; start += AT_ONCE) {
    const size = Math.min(AT_ONCE, set.count - start);
    const images = await readImages(
      set,
      Array.from({ length: size }, (_, i) => start + i),
    );
    images.forEach(({ label }, i) => (labels[start + i] = label));
  }
  return labels;
}

/** How many images of each class there are, by class index. */
export function countClasses(labels: Int32Array, classes: number): readonly number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
