// A training step of the tutorial's network in the browser: ort-train against the JavaScript trainers of today.
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { openPage } from './chromium.mjs';
import { engines, titleOf } from './engines.mjs';
import { median, round } from './report.mjs';
import { batchSize, referenceLosses } from './start.mjs';

/** Losses that are compared; every engine takes that many steps and more. */
const compared = 3;

/**
 * How far a loss of the first steps may be from the reference: Adam's first steps are lr sign(g), and a gradient that is
 * smaller than its rounding error has any sign. 2e-7 has been measured; another max-pool gradient gives 1e-4 and more.
 */
const tolerance = 2e-5;

/** How long an engine's turn is to last, in milliseconds; a slow one takes a single step. */
const turn = 2000;

/** Lets threads that spin after the last step come to rest, so that they do not count against the next engine. */
const rest = () => setTimeout(1000);

/**
 * Measures all engines whose title contains one of `only`, those of one processor in turns: ratios are taken among them, and
 * pages of the others would take their share of it. Returns a line for each; `progress` is told what happens.
 */
export async function measurePeers(browser, url, { rounds = 3, only = [], progress }) {
  const chosen = engines(availableParallelism()).filter(
    (subject) => only.length === 0 || only.some((part) => titleOf(subject).includes(part)),
  );
  const subjects = [];
  for (const processor of new Set(chosen.map((subject) => subject.processor))) {
    const same = chosen.filter((subject) => subject.processor === processor);
    subjects.push(...(await measureInTurns(browser, url, same, rounds, progress)));
  }
  const reference = await referenceLosses(compared);
  const measured = subjects.map((subject) => lineOf(subject, reference));
  return measured.map((line) => ({ ...line, ...compare(line, measured) }));
}

async function measureInTurns(browser, url, chosen, rounds, progress) {
  const subjects = [];
  for (const subject of chosen) {
    progress(`${titleOf(subject)} ...`);
    subjects.push(await prepare(browser, url, subject));
    await rest();
  }
  const running = subjects.filter(({ missing }) => missing === undefined);
  skipDoubles(running);
  for (let i = 1; i <= rounds; i++) {
    progress(`round ${i} of ${rounds} ...`);
    for (const subject of running.filter(({ missing }) => missing === undefined)) {
      const { times, losses } = await steps(subject.page, subject.each);
      subject.times.push(...times);
      subject.losses.push(...losses);
      await rest();
    }
  }
  for (const { close } of subjects) await close();
  return subjects;
}

const steps = (page, count) => page.evaluate((n) => globalThis.bench.steps(n), count);

/** Opens an engine's page and takes its first steps, which compile and allocate and are not measured. */
async function prepare(browser, url, subject) {
  const { page, close } = await openPage(browser, url, () => undefined);
  const { engine, ...options } = subject;
  try {
    const about = await page.evaluate(
      ([name, given]) => globalThis.bench.start(name, given),
      [engine, { ...options, start: '/start.safetensors' }],
    );
    const first = await steps(page, 1);
    const second = await steps(page, first.times[0] < turn ? 5 : 1);
    const each = Math.max(1, Math.min(20, Math.floor(turn / second.times.at(-1))));
    const losses = [...first.losses, ...second.losses];
    return { ...{ subject, page, close, about, each, losses }, firstStepMs: first.times[0], times: [] };
  } catch (error) {
    return { subject, page, close, missing: reasonFrom(error) };
  }
}

/** What speaks against an engine, without Playwright's words around it. */
const reasonFrom = ({ message }) => message.replace(/^page\.evaluate: (Error: )?/, '').split('\n')[0];

/** A device that has no form of its own runs the portable one, which has a line already. */
function skipDoubles(subjects) {
  const same = (a, b) => a.subject.backend === b.subject.backend && a.subject.threads === b.subject.threads;
  for (const subject of subjects) {
    const { form, reason } = subject.about;
    if (subject.subject.target !== 'auto' || form !== 'portable') continue;
    const twin = subjects.find((other) => other.subject.target === 'portable' && same(other, subject));
    if (twin !== undefined) subject.missing = `it is the portable form: ${reason}`;
  }
}

function lineOf({ subject, about = {}, times = [], losses = [], missing, firstStepMs }, reference) {
  const { engine, backend, processor } = subject;
  const line = { engine, backend, processor, threads: about.threads ?? subject.threads ?? null };
  if (missing !== undefined) return { ...line, target: subject.target, stepMs: null, ratio: null, missing };
  const off = reference.map((loss, i) => Math.abs(loss - losses[i]));
  const worst = off.reduce((most, value) => (value > most || Number.isNaN(value) ? value : most), 0);
  return {
    ...line,
    ...{ ...about, threads: line.threads },
    batch: batchSize,
    stepMs: round(median(times)),
    fastestMs: round(Math.min(...times)),
    steps: times.length,
    firstStepMs: round(firstStepMs),
    losses: losses.slice(0, compared),
    lossesOff: worst,
    sameLosses: worst <= tolerance,
  };
}

/**
 * Peer / ours: a peer against our fastest on the same processor, ours against the fastest peer there that trains and
 * computes the same.
 */
function compare(line, lines) {
  if (line.stepMs === null) return {};
  const ours = line.engine === 'ort-train';
  const others = lines.filter(
    ({ engine, processor, stepMs, sameLosses }) =>
      (engine === 'ort-train') !== ours && processor === line.processor && stepMs !== null && sameLosses,
  );
  const best = others.toSorted((a, b) => a.stepMs - b.stepMs)[0];
  if (best === undefined) return { ratio: null };
  const [peer, mine] = ours ? [best, line] : [line, best];
  const { engine, backend, threads, form } = best;
  return {
    ratio: round(peer.stepMs / mine.stepMs),
    against: [engine, backend, ...(threads ? [`${threads} threads`] : []), form].filter(Boolean).join(' '),
  };
}
