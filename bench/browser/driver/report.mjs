// Numbers, and where they are kept.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { peerVersions } from './serve.mjs';

const repository = join(import.meta.dirname, '../../..');

/** Four significant digits. */
export const round = (value) => Number(value.toPrecision(4));

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** What every line says of when, where and with what it was measured. */
export function circumstances(browser) {
  const version = (name) =>
    JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8')).version;
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    chromium: browser.version(),
    'onnxruntime-web': version('onnxruntime-web'),
    peers: peerVersions(),
  };
}

/** Writes `bench/results/<date>-browser-<what>.json`, whole or not at all. */
export function save(folder, what, lines) {
  const name = `${lines[0].date.slice(0, 19).replaceAll(':', '-')}-browser-${what}.json`;
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.tmp`, `${JSON.stringify(lines, undefined, 2)}\n`);
  renameSync(`${file}.tmp`, file);
  return file;
}
