// The report of the public API, one file in api/ for each entry point, and the check of what is documented.
//
//   node scripts/api-report.mjs            writes api/ from dist/
//   node scripts/api-report.mjs --check    fails where dist/ says something else than api/
//
// Both fail for a public name without a doc comment, a function or class without an @example, and a member that neither
// has a comment nor a name that says all.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { undocumented } from './undocumented.mjs';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

/** Reports by entry point. */
const reports = {
  index: 'ort-train',
  'index-web': 'ort-train.web',
  'classifier-node': 'classifier',
  'classifier-web': 'classifier.web',
};

const silent = { default: { logLevel: 'none' } };
const temporary = mkdtempSync(join(tmpdir(), 'ort-train-api-'));
const complaints = [];
try {
  for (const [entry, name] of Object.entries(reports)) {
    const mainEntryPointFilePath = join(root, `dist/${entry}.d.ts`);
    const file = `${name}.api.md`;
    const config = ExtractorConfig.prepare({
      configObjectFullPath: join(root, 'api-extractor.json'),
      packageJsonFullPath: join(root, 'package.json'),
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath,
        newlineKind: 'lf',
        compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
        apiReport: {
          enabled: true,
          reportFileName: file,
          reportFolder: join(root, 'api'),
          reportTempFolder: temporary,
          // What a public signature names is part of it.
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          compilerMessageReporting: { default: { logLevel: 'error' } },
          extractorMessageReporting: silent,
          tsdocMessageReporting: silent,
        },
      },
    });
    const problems = [];
    const { apiReportChanged, errorCount } = Extractor.invoke(config, {
      localBuild: !check,
      messageCallback(message) {
        message.handled = true;
        if (message.logLevel === 'error') problems.push(message.text);
      },
    });
    if (errorCount > 0) complaints.push(`${entry}: ${problems.join('\n')}`);
    if (check && apiReportChanged) {
      complaints.push(`api/${file} is not what dist/ says; npm run api writes it anew`, ...changes(file));
    }
    complaints.push(...undocumented(mainEntryPointFilePath));
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
for (const complaint of new Set(complaints)) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;

/** Lines that only one of the two reports has. */
function changes(file) {
  const linesOf = (folder) => {
    try {
      return readFileSync(join(folder, file), 'utf8').split('\n');
    } catch {
      return [];
    }
  };
  const [old, now] = [linesOf(join(root, 'api')), linesOf(temporary)];
  const [gone, come] = [old.filter((line) => !now.includes(line)), now.filter((line) => !old.includes(line))];
  return [...gone.map((line) => `  - ${line}`), ...come.map((line) => `  + ${line}`)].slice(0, 40);
}
