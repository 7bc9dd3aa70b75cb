/** The four files of a data set in MNIST's layout; `t10k` is the test set. */
export type IdxRole = 'train-images' | 'train-labels' | 't10k-images' | 't10k-labels';

export const idxRoles: readonly IdxRole[] = ['train-images', 'train-labels', 't10k-images', 't10k-labels'];

/**
 * The file names under which a role is found, best first: gzip before plain, the original name before the variant
 * with a dot that some unpacking programs make.
 *
 * @example
 * idxFileNames('train-labels')[0]; // 'train-labels-idx1-ubyte.gz'
 */
export function idxFileNames(role: IdxRole): readonly [string, string, string, string] {
  const kind = role.endsWith('images') ? 'idx3-ubyte' : 'idx1-ubyte';
  return [`${role}-${kind}.gz`, `${role}.${kind}.gz`, `${role}-${kind}`, `${role}.${kind}`];
}
