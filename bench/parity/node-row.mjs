// One row in a process of its own: node bench/parity/node-row.mjs NET FILE OPTIONS -> one line of JSON.
import { readFileSync } from 'node:fs';
import { createNodeSession } from 'ort-train';
import { follow } from './follow.mjs';

const [net, file, options] = process.argv.slice(2);
try {
  const result = await follow(net, readFileSync(file), {
    createSession: createNodeSession,
    ...JSON.parse(options),
  });
  console.log(JSON.stringify(result));
} catch (error) {
  console.log(JSON.stringify({ missing: String(error?.message ?? error) }));
}
