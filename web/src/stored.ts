import type { StoredRun, TrainingWorker, WorkerRun } from 'ort-train';
import { byId, setText } from './dom.js';
import { messageOf } from './errors.js';
import { ago, percent } from './format.js';
import { architectures, defaults, type Settings } from './settings.js';

/** The offer to go on with a run that the browser has stored. */
export class StoredOffer {
  readonly #box = byId('stored', HTMLElement);
  readonly #text = byId('stored-text', HTMLElement);
  readonly #resume = byId('stored-resume', HTMLButtonElement);
  #run: StoredRun | undefined;

  constructor(actions: { readonly resume: (run: StoredRun) => void; readonly worker: () => TrainingWorker }) {
    this.#resume.addEventListener('click', () => {
      if (this.#run !== undefined) actions.resume(this.#run);
    });
    byId('stored-forget', HTMLButtonElement).addEventListener('click', () => {
      void this.#forget(actions.worker());
    });
  }

  /** Looks for a stored run and offers it. */
  async look(worker: TrainingWorker): Promise<StoredRun | undefined> {
    try {
      this.#run = await worker.stored();
    } catch (error) {
      this.#run = undefined;
      // It can be discarded, which is what the error's sentence speaks of.
      this.#show(messageOf(error), false);
      return undefined;
    }
    if (this.#run === undefined) this.hide();
    else this.#show(textOf(this.#run), true);
    return this.#run;
  }

  hide(): void {
    this.#box.hidden = true;
  }

  #show(text: string, canResume: boolean): void {
    setText(this.#text, text);
    this.#resume.hidden = !canResume;
    this.#box.hidden = false;
  }

  async #forget(worker: TrainingWorker): Promise<void> {
    try {
      await worker.forget();
      this.#run = undefined;
      this.hide();
      byId('primary', HTMLButtonElement).focus();
    } catch (error) {
      // Another tab trains under this name: the sentence says so.
      this.#show(messageOf(error), this.#run !== undefined);
    }
  }
}

function textOf({ epoch, epochs, step, testAccuracy, savedAt, data, finished }: StoredRun): string {
  const accuracy =
    testAccuracy === undefined ? '' : `, ${percent(testAccuracy)} of the held-out images right`;
  const files = data.startsWith('digits') ? '' : ' Drop its data files here first.';
  if (finished) {
    return (
      `The last training here ended after ${epochs} epochs${accuracy} (${ago(Date.now() - savedAt)}). ` +
      `It can go on with one more.${files}`
    );
  }
  return (
    `A training stopped in epoch ${Math.min(epoch + 1, epochs)} of ${epochs}, after ${step} steps${accuracy} ` +
    `(${ago(Date.now() - savedAt)}). It can go on exactly where it was.${files}`
  );
}

/** The settings of a stored run, to show them in the switches; what the page has no switch for stays as it is. */
export function settingsOf({ network, scheduler, dataOptions, ...options }: StoredRun['options']): Settings {
  const { epochs, batchSize, learningRate, seed } = { ...defaults, ...withoutUndefined(options) };
  const { stepSize, gamma } = { ...defaults, ...scheduler?.options };
  return {
    ...defaults,
    ...{ epochs, batchSize, learningRate, seed, stepSize, gamma },
    images: dataOptions?.digits?.train ?? defaults.images,
    architecture: architectureOf(network),
    shortcut: network?.shortcut === 'none' ? 'plain' : 'residual',
    norm: network?.norm ?? defaults.norm,
  };
}

function architectureOf(network: WorkerRun['network']): Settings['architecture'] {
  const found = architectures.find((architecture) =>
    network?.family === 'cifar-resnet'
      ? 'depth' in architecture && architecture.depth === network.depth
      : 'widths' in architecture &&
        network?.family === 'mnist-cnn' &&
        String(architecture.widths) === String(network.widths),
  );
  return (found ?? architectures[0]).id;
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
