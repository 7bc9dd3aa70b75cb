import { DataError } from '../errors.js';
import { cifarSets, type CifarName } from './cifar-sets.js';
import type { DataFolder } from './folder.js';

/** What the Python edition of a CIFAR set consists of. */
const editions: Readonly<
  Record<
    CifarName,
    { readonly title: string; readonly packed: readonly string[]; readonly files: readonly string[] }
  >
> = {
  cifar10: {
    title: 'CIFAR-10',
    packed: ['cifar-10-python.tar.gz', 'cifar-10-batches-py'],
    files: ['data_batch_1', 'batches.meta'],
  },
  cifar100: {
    title: 'CIFAR-100',
    packed: ['cifar-100-python.tar.gz', 'cifar-100-python'],
    files: ['train', 'test', 'meta'],
  },
};

/**
 * The error for a folder that holds the Python edition of a CIFAR set, as its archive, its folder or its files; undefined
 * for other folders.
 */
export function pythonEditionIn({ where, entries }: DataFolder): DataError | undefined {
  for (const [name, { packed, files }] of Object.entries(editions)) {
    const found = packed.find((each) => entries.has(each));
    if (found !== undefined) return pythonEdition(where, name as CifarName, found);
    if (files.every((file) => entries.get(file) === 'file')) {
      return pythonEdition(where, name as CifarName, files.join(', '));
    }
  }
  return undefined;
}

/** The error for a file that is the archive of a Python edition, by its name; undefined for others. */
export function pythonArchive(path: string): DataError | undefined {
  const file = path.replace(/^.*[/\\]/, '');
  const [name] = Object.entries(editions).find(([, { packed }]) => packed[0] === file) ?? [];
  return name === undefined ? undefined : pythonEdition(path, name as CifarName, file);
}

function pythonEdition(where: string, name: CifarName, found: string): DataError {
  const { archive, source } = cifarSets[name];
  return new DataError(
    `${where}: expected the binary version of ${editions[name].title}, got its Python edition (${found}), which is not ` +
      `read: its files are pickles, and opening one may run what it says. Put ${archive} from ${source} there instead, ` +
      `or write ${name} in place of the path (--data ${name}), which downloads it`,
  );
}
