import type { PictureAt } from './listing.js';

/** The parts that a source may say its pictures belong to. */
export type PartName = 'train' | 'val' | 'test';

/** A picture as a source has it. */
export interface LabelledPicture {
  /** Tells it from the others of its source, the same on every machine: their order and the split follow from it. */
  readonly key: string;
  readonly where: string;
  readonly label: string;
  /** Absent where the source knows no parts. */
  readonly part?: PartName;
  readonly at: PictureAt;
}

const partNames: Readonly<Record<string, PartName>> = {
  ...{ train: 'train', training: 'train' },
  ...{ val: 'val', valid: 'val', validation: 'val' },
  ...{ test: 'test', testing: 'test' },
};

/** The part that a folder or a column calls by this name, in any case. */
export function partOf(name: string): PartName | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(partNames, lower) ? partNames[lower] : undefined;
}

/** A number or a text as a label; undefined for what is neither, or empty. */
export function asLabel(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}
