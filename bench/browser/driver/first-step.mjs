// How long a visitor of the playground waits for the first step, each time in a browser that has never seen the page.
import { launch, openPage } from './chromium.mjs';
import { choose, deviceText, settings, whenReady, withPlayground } from './playground.mjs';
import { median, round } from './report.mjs';

/** A line for each of the settings. `backend` is what the visitor chooses; `gpu` as `launch` takes it. */
export const measureFirstStep = ({ rounds = 5, backend, gpu, progress, circumstances }) =>
  withPlayground(async (url) => {
    const lines = [];
    for (const name of Object.keys(settings)) {
      const visits = [];
      for (let i = 1; i <= rounds; i++) {
        progress(`${name} settings, visit ${i} of ${rounds} ...`);
        const browser = await launch({ gpu: backend === 'webgpu' ? gpu : 'none' });
        try {
          visits.push(await visit(browser, url, { ...settings[name], 'recipe-device': backend }));
          if (i === rounds) lines.push({ ...lineOf(name, backend, visits), ...circumstances(browser) });
        } finally {
          await browser.close();
        }
      }
    }
    return lines;
  });

/** Milliseconds from the address to a page that can train, and from the click to the end of the first step as it is shown. */
async function visit(browser, url, fields) {
  const { page, close } = await openPage(browser, url);
  await whenReady(page);
  const readyMs = await page.evaluate(() => performance.now());
  await choose(page, fields);
  const firstStep = page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        let clicked;
        const button = document.querySelector('#primary');
        button.addEventListener('click', ({ timeStamp }) => (clicked = timeStamp), {
          capture: true,
          once: true,
        });
        // The bar moves with each step that is done.
        const look = () => {
          const alert = document.querySelector('#run-alert');
          if (!alert.hidden) reject(new Error(alert.textContent));
          else if (document.querySelector('#progress').value > 0) resolve(performance.now() - clicked);
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
  // Rejections are seen below.
  firstStep.catch(() => undefined);
  await page.click('#primary');
  const result = { readyMs, firstStepMs: await firstStep, device: await deviceText(page) };
  await close();
  return result;
}

function lineOf(name, backend, visits) {
  const times = (what) => visits.map((each) => each[what]);
  return {
    ...{ what: 'first step in the playground', settings: name, backend, device: visits.at(-1).device },
    ...{
      firstStepMs: round(median(times('firstStepMs'))),
      slowestMs: round(Math.max(...times('firstStepMs'))),
    },
    ...{ readyMs: round(median(times('readyMs'))), visits: visits.length },
  };
}
