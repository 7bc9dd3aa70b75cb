// Runs both test suites beside processes that do nothing but compute, as on a slow or busy machine: no test may depend on
// how fast it is.
//
//     npm run test:busy [-- --loops 2]
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { loops: { type: 'string', default: '2' } } });
const count = Number(values.loops);
if (!Number.isInteger(count) || count < 1) {
  console.error(`--loops: expected how many busy processes, got ${values.loops}`);
  process.exit(2);
}

// Each ends by itself when the pipe to this process breaks, in whatever way this one ends.
const busy =
  'process.stdin.resume().on("end", () => process.exit()); const go = () => { const end = Date.now() + 500; while (Date.now() < end); setImmediate(go); }; go();';
const loops = Array.from({ length: count }, () =>
  spawn(process.execPath, ['-e', busy], { stdio: ['pipe', 'inherit', 'inherit'] }),
);

const run = (...args) =>
  new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', ...args], { stdio: 'inherit' });
    child.on('close', (status) => resolve(status ?? 1));
  });

const began = Date.now();
const failed = [];
for (const suite of ['test', 'web:build', 'test:browser']) {
  if ((await run(suite)) !== 0) failed.push(suite);
}
for (const loop of loops) loop.kill();
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
console.log(
  `beside ${count} busy ${count === 1 ? 'process' : 'processes'}, ${minutes} minutes: ` +
    (failed.length === 0 ? 'all passed' : `failed: ${failed.join(', ')}`),
);
process.exitCode = failed.length === 0 ? 0 : 1;
