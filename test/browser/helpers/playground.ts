import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** A point of the drawing pad, 0 to 1 from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** The playground in a browser, and what its visitor does. */
export interface Playground {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors that nobody caught or that were written to the console. */
  readonly errors: readonly string[];
  /** Fills in fields of the recipe, by their names. */
  readonly recipe: (fields: Readonly<Record<string, string | number>>) => Promise<void>;
  /**
   * Waits until the page has come into a phase, e.g. `training`, since the phase that was waited for last, even if it has
   * left it already; `idle` is also what comes after a training.
   */
  readonly phase: (name: string) => Promise<void>;
  readonly text: (selector: string) => Promise<string>;
  /** Clears the pad and draws lines by the mouse: down at the first point, along the others, up at the last. */
  readonly draw: (...lines: readonly (readonly Point[])[]) => Promise<void>;
}

/** Opens the playground in a context of its own: nothing is stored there yet. */
export async function openPlayground(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Playground> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  return visit(context, url);
}

/** Opens the playground in a context that may have seen it before. */
export async function visit(context: BrowserContext, url: string): Promise<Playground> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.addInitScript(recordPhases);
  await page.goto(url);
  const phase = async (name: string): Promise<void> => {
    await page.waitForFunction((wanted) => {
      const past = (globalThis as unknown as { readonly phases: Phases }).phases;
      const at = past.names.indexOf(wanted, past.from);
      if (at >= 0) past.from = at + 1;
      return at >= 0;
    }, name);
  };
  await phase('idle');
  return {
    ...{ page, context, errors, phase },
    text: async (selector) => (await page.textContent(selector)) ?? '',
    async recipe(fields) {
      await page.evaluate(() => document.querySelector('#recipe')?.setAttribute('open', ''));
      for (const [name, value] of Object.entries(fields)) {
        const field = page.locator(`#recipe-${name}`);
        if ((await field.evaluate(({ tagName }) => tagName)) === 'SELECT')
          await field.selectOption(String(value));
        else await field.fill(String(value));
      }
    },
    async draw(...lines) {
      await page.click('#clear');
      const pad = page.locator('#pad');
      // Not below the controls, which stay at the top.
      await pad.evaluate((canvas) => {
        canvas.scrollIntoView({ block: 'center' });
      });
      const box = await pad.boundingBox();
      if (box === null) throw new Error('the pad is not shown');
      const at = ([x, y]: Point): readonly [number, number] => [
        box.x + x * box.width,
        box.y + y * box.height,
      ];
      for (const [first, ...rest] of lines) {
        if (first === undefined) continue;
        await page.mouse.move(...at(first));
        await page.mouse.down();
        for (const point of rest) await page.mouse.move(...at(point), { steps: 6 });
        await page.mouse.up();
      }
    },
  };
}

/** The phases of a page since it was loaded, and from which on nobody has waited for them. */
interface Phases {
  readonly names: string[];
  from: number;
}

/** In the page, before its own scripts: a phase may be over before a test looks. */
function recordPhases(): void {
  const phases: Phases = { names: [], from: 0 };
  Object.assign(globalThis, { phases });
  const attribute = 'data-phase';
  new MutationObserver((records) => {
    records.forEach(({ target }, i) => {
      // What a change left is what the next one found.
      const name = records[i + 1]?.oldValue ?? (target as Element).getAttribute(attribute) ?? '';
      if (name !== phases.names.at(-1)) phases.names.push(name);
    });
  }).observe(document, { subtree: true, attributeFilter: [attribute], attributeOldValue: true });
}

/** Lines of digits that nobody takes for others. */
export const digitLines = {
  0: [Array.from({ length: 25 }, (_, i): Point => circle(i / 24, 0.2, 0.3))],
  1: [[[0.52, 0.15] as const, [0.5, 0.85] as const]],
  7: [[[0.25, 0.22] as const, [0.75, 0.22] as const, [0.45, 0.85] as const]],
} as const;

/** A point of an ellipse round the middle, from the top to the left. */
function circle(turn: number, rx: number, ry: number): Point {
  return [0.5 - rx * Math.sin(2 * Math.PI * turn), 0.5 - ry * Math.cos(2 * Math.PI * turn)];
}
