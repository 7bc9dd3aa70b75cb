import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { DataError, messageOf } from '../../errors.js';
import { arrange } from './arrange.js';
import { expandBraces, isPattern } from './braces.js';
import { isPictureName, junkReason } from './junk.js';
import { asLabel, type LabelledPicture } from './labelled.js';
import type { ListOptions, PictureListing, SkippedFile } from './listing.js';
import { isIndex, shortList } from './names.js';
import { compressed, indexTar, type TarMember } from './tar-index-node.js';

/** What a shard has under one key. */
interface Sample {
  readonly pictures: TarMember[];
  /** Of the file `.cls`. */
  cls?: string;
  /** The field `label` or `cls` of the file `.json`. */
  json?: string;
}

/** A class number above this is taken for an error. */
const MOST_CLASSES = 1_000_000;

/** Labels are short; a file beside a picture that is longer is none. */
const LONGEST_LABEL = 2 ** 20;

/** Whether a path stands for tar shards: `shards-{000..009}.tar`, `shard.tar`; a compressed one, too, to be refused. */
export function isShards(path: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/i.test(path);
}

/**
 * Lists the pictures of tar shards as WebDataset writes them: the files of a sample share their name up to the first dot
 * (`000.jpg`, `000.cls`); its label is the content of `.cls`, a number or a text, or the field `label` or `cls` of
 * `.json`. Where all labels are numbers, the classes are 0 to the largest.
 *
 * @param pattern - Path of a shard, or of several: `shards-{000..009}.tar`.
 * @throws DataError if a shard is missing, compressed, damaged or cut off, or a sample has no label or two pictures; else
 *   as `arrange`.
 * @see https://github.com/webdataset/webdataset
 */
export async function listShards(pattern: string, options: ListOptions): Promise<PictureListing> {
  const paths = isPattern(pattern) && !existsSync(pattern) ? expandBraces(pattern) : [pattern];
  const found: LabelledPicture[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, path] of paths.entries()) await readShard(path, index, found, skipped);
  if (found.length === 0) {
    throw new DataError(
      `${pattern}: expected pictures with their labels (000.jpg and 000.cls, or 000.json with a field label or cls), ` +
        `got none; left out: ${skipped.length === 0 ? 'nothing' : shortList(skipped.map(({ where }) => where))}`,
    );
  }
  const numbered = found.every(({ label }) => isIndex(label));
  const classes = numbered ? (options.classes ?? numbers(pattern, found)) : options.classes;
  const pictures = numbered ? named(found, classes ?? []) : found;
  const name = basename(pattern)
    .replace(/\.tar$/i, '')
    .replace(/[-_.]?\{.*$/, '');
  const source = { name: name || 'shards', where: pattern, pictures, skipped, warnings: [] };
  return arrange(source, { ...options, ...(classes && { classes }) });
}

function numbers(pattern: string, found: readonly LabelledPicture[]): readonly string[] {
  const most = found.reduce((max, { label }) => Math.max(max, Number(label)), 0);
  if (most >= MOST_CLASSES) {
    throw new DataError(`${pattern}: expected class numbers below ${MOST_CLASSES}, got ${most}`);
  }
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

function named(found: readonly LabelledPicture[], classes: readonly string[]): readonly LabelledPicture[] {
  return found.map((picture) => {
    const label = classes[Number(picture.label)];
    if (label !== undefined) return { ...picture, label };
    throw new DataError(
      `${picture.where}: expected the number of one of ${classes.length} classes, got ${picture.label}`,
    );
  });
}

async function readShard(
  path: string,
  index: number,
  found: LabelledPicture[],
  skipped: SkippedFile[],
): Promise<void> {
  if (/gz$/i.test(path)) throw compressed(path);
  const samples = new Map<string, Sample>();
  const others = new Map<string, number>();
  await indexTar(path, async (member, content) => {
    const { name, size } = member;
    const [, key, ending = ''] = /^((?:.*\/)?[^./][^./]*)\.([^/]*)$/s.exec(name) ?? [];
    const isJunk = name.split('/').some((part) => junkReason(part) !== undefined);
    const kind = key === undefined || isJunk ? undefined : kindOf(ending.toLowerCase());
    if (key === undefined || kind === undefined) {
      const what = isJunk || key === undefined ? name : `*.${ending}`;
      others.set(what, (others.get(what) ?? 0) + 1);
      return;
    }
    const sample = samples.get(key) ?? { pictures: [] };
    samples.set(key, sample);
    if (kind === 'picture') sample.pictures.push(member);
    else {
      const where = `${path}: ${name}`;
      if (sample[kind] !== undefined) throw new DataError(`${where}: expected it once, but it comes twice`);
      if (size > LONGEST_LABEL) throw new DataError(`${where}: expected a label, got ${size} bytes`);
      const label = labelIn(kind, new TextDecoder().decode(await content()), where);
      if (label !== undefined) sample[kind] = label;
    }
  });
  for (const [what, count] of others) {
    skipped.push({
      where: `${path}: ${what}`,
      why: count === 1 ? 'no picture or label' : `${count} files, no pictures or labels`,
    });
  }
  for (const [key, { pictures, cls, json }] of samples) {
    const where = `${path}: ${key}`;
    const [picture, second] = pictures;
    const label = cls ?? json;
    if (picture === undefined) {
      skipped.push({ where, why: 'a label without a picture' });
      continue;
    }
    if (second !== undefined) {
      throw new DataError(`${where}: expected one picture, got ${picture.name} and ${second.name}`);
    }
    if (label === undefined) {
      throw new DataError(
        `${path}: ${picture.name}: expected its label beside it, in ${key}.cls or as the field label or cls of ${key}.json`,
      );
    }
    const { offset, size, name } = picture;
    found.push({
      // In the order of the shards, so that an epoch in order reads one after another.
      key: `${String(index).padStart(7, '0')}/${name}`,
      where: `${path}: ${name}`,
      ...{ label, at: { path: resolve(path), offset, size } },
    });
  }
}

function kindOf(ending: string): 'picture' | 'cls' | 'json' | undefined {
  if (ending === 'cls' || ending === 'json') return ending;
  // `000.seg.png` is another picture of the sample, not the one to classify.
  return !ending.includes('.') && isPictureName(`.${ending}`) ? 'picture' : undefined;
}

/** The label in a file; undefined for a JSON object without one. */
function labelIn(kind: 'cls' | 'json', text: string, where: string): string | undefined {
  if (kind === 'json') {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new DataError(`${where}: expected JSON: ${messageOf(cause)}`, { cause });
    }
    const { label, cls } = (typeof value === 'object' && value !== null ? value : {}) as Record<
      string,
      unknown
    >;
    return asLabel(label ?? cls);
  }
  const label = asLabel(text);
  if (label !== undefined) return label;
  throw new DataError(`${where}: expected a class, got an empty file`);
}
