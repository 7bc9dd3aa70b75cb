import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataReport } from '../../index.js';
import { writeFileSafely } from '../../files-node.js';
import { note, type Io } from '../io.js';
import type { LeftOutPictures } from './reporter.js';
import { counted } from '../text.js';

/** Where a run lists what it left out. */
const skippedFile = 'skipped.json';

/** So many examples are shown; the file has all of them. */
const SHOWN = 3;

/** Says what was found when pictures were opened; what was left out is listed in the run's folder. Returns what the end of the run says of it. */
export async function reportData(
  io: Io,
  report: DataReport,
  out: string,
): Promise<LeftOutPictures | undefined> {
  for (const line of reportLines(report)) note(io, line);
  const { skipped, bad } = report;
  const path = join(out, skippedFile);
  if (skipped.length + bad.length === 0) {
    // That of an earlier run.
    await rm(path, { force: true });
    return undefined;
  }
  await writeFileSafely(path, `${JSON.stringify({ bad, skipped }, null, 2)}\n`);
  note(io, `the list is in ${path}`);
  return bad.length === 0 ? undefined : { count: bad.length, list: path };
}

/** What was found, a line each. */
export function reportLines({ skipped, bad, duplicates, warnings }: DataReport): readonly string[] {
  const examples = (all: readonly string[]): string =>
    `${all.slice(0, SHOWN).join('; ')}${all.length > SHOWN ? ` and ${all.length - SHOWN} more` : ''}`;
  return [
    ...warnings,
    ...(duplicates.length === 0
      ? []
      : [
          `${counted(duplicates.length, 'picture')} of the test part ${duplicates.length === 1 ? 'is' : 'are'} in the training part, too, ` +
            `which makes the accuracy look better than it is: ${examples(duplicates.map(({ train, test }) => `${test} = ${train}`))}`,
        ]),
    ...(skipped.length === 0
      ? []
      : [
          `${counted(skipped.length, 'file')} left out that ${skipped.length === 1 ? 'is' : 'are'} no pictures for training: ` +
            examples(skipped.map(({ where, why }) => `${where} (${why})`)),
        ]),
    ...(bad.length === 0
      ? []
      : [
          `${counted(bad.length, 'picture')} left out that cannot be read: ${examples(bad.map(({ why }) => why))}`,
        ]),
  ];
}
