import { runnerImport } from 'vite';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

/** `npm run fuzz -- --seed 1 --cases 400`: random operators and networks in every form, against float64 and PyTorch. */
const {
  seed,
  cases,
  case: only,
  kind,
  form,
  python,
  log,
} = await yargs(hideBin(process.argv))
  .option('seed', { type: 'number', default: 1 })
  .option('cases', { type: 'number', default: 400 })
  .option('case', { type: 'number', describe: 'only this one' })
  .option('kind', { type: 'string', describe: 'only this operator or architecture' })
  .option('form', { type: 'string', array: true, describe: 'portable, cpu, wasm, webgpu' })
  .option('python', { type: 'string', default: 'python3', describe: 'a Python with PyTorch' })
  .option('log', { type: 'string', describe: 'a file for all results' })
  .strict()
  .parse();
const { module } = await runnerImport('./test/fuzz/run.ts');
process.exitCode = (await module.main({ seed, cases, only, kind, forms: form, python, log })) > 0 ? 1 : 0;
