// docs/parity.md from the results.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');
const versionOf = (name) =>
  JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8')).version;

/** Writes the tables; false where a row that ran is too far from PyTorch. */
export function report(path, cases, results, { chromium }) {
  const about = [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown CPU'}`,
    `onnxruntime-node ${versionOf('onnxruntime-node')}`,
    `onnxruntime-web ${versionOf('onnxruntime-web')}`,
    `Node ${process.versions.node}`,
    `Chromium ${chromium}`,
  ];
  const parts = [
    '# Parity',
    'Losses of the first training steps, from the same weights and batches, beside PyTorch’s. Each row is a runtime of its',
    'own; “off” is the largest distance of its losses.\n',
    '    npm run parity\n',
    `${about.join(', ')}.\n`,
  ];
  let isRight = true;
  for (const { net, title, losses, tolerance, missing } of cases) {
    parts.push(`## ${title}\n`);
    if (missing !== undefined) {
      parts.push(`Not run: ${missing}.\n`);
      continue;
    }
    const head = ['runtime', 'form', ...losses.map((_, i) => String(i + 1)), 'off', `within ${tolerance}`];
    const lines = [['PyTorch, float64', '', ...losses.map((loss) => loss.toFixed(6)), '', '']];
    for (const row of results.filter((each) => each.net === net)) {
      if (row.missing !== undefined) {
        lines.push([row.title, '', ...losses.map(() => ''), '', `not run: ${oneLine(row.missing)}`]);
        continue;
      }
      const off = Math.max(...losses.map((loss, i) => Math.abs(loss - (row.losses[i] ?? NaN))));
      const isWithin = off <= tolerance;
      isRight &&= isWithin;
      const name = row.adapter === undefined ? row.title : `${row.title} (${oneLine(row.adapter)})`;
      const shown = row.losses.map((loss) => loss.toFixed(6));
      lines.push([name, row.lowering.target, ...shown, off.toExponential(1), isWithin ? 'yes' : '**no**']);
    }
    const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
    parts.push(`${table.join('\n')}\n`);
  }
  writeFileSync(`${path}.tmp`, `${parts.join('\n')}`);
  renameSync(`${path}.tmp`, path);
  return isRight;
}

const oneLine = (text) =>
  String(typeof text === 'string' ? text : JSON.stringify(text))
    .replace(/\s+/g, ' ')
    .replaceAll('|', '/')
    .slice(0, 160);
