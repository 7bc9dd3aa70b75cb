// Writes graphs/ from the built code (`npm run build` first); `--check` writes nothing and exits with 1 on a difference.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGraph, buildInferenceGraph } from '../dist/program/index.js';
import { print } from '../dist/ir/index.js';
import { lowerPortable } from '../dist/lower/index.js';
import { presetNetwork } from '../dist/models/index.js';
import { encodeModel } from '../dist/onnx/index.js';
import { drift, graphFiles } from './graph-files.mjs';

const folder = fileURLToPath(new URL('../graphs', import.meta.url));
const lib = { buildGraph, buildInferenceGraph, print, lowerPortable, presetNetwork, encodeModel };
const files = graphFiles(lib);

if (process.argv.includes('--check')) {
  const lines = drift(files, folder);
  for (const line of lines) console.error(`graphs/${line}`);
  console.log(lines.length === 0 ? `graphs/ agrees with the code` : `run: npm run build && npm run graphs`);
  process.exit(lines.length === 0 ? 0 : 1);
}

for (const name of new Set([...files.keys()].map(dirname))) {
  rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, name), { recursive: true });
}
let size = 0;
for (const [path, content] of files) {
  writeFileSync(join(folder, path), content);
  size += content.length;
}
console.log(`graphs/: ${files.size} files, ${Math.round(size / 1024)} KiB`);
