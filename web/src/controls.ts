import { announce } from './announce.js';
import { byId, say, setText } from './dom.js';
import { count, duration, percent } from './format.js';
import type { Phase, Training, TrainingState } from './training.js';

/** Seconds between two texts of the clock. */
const TICK = 500;

const primaryText: Readonly<Record<Phase, string>> = {
  starting: 'Starting…',
  unavailable: 'Try again',
  idle: 'Start training',
  preparing: 'Preparing…',
  training: 'Pause',
  paused: 'Resume',
  stopping: 'Stopping…',
  finishing: 'Finishing…',
};

/** What the controls ask for. */
export interface ControlActions {
  start(): void;
  restart(): void;
}

/** The bar with Start, Pause and Stop, and what it says of the run. */
export class Controls {
  readonly #training: Training;
  readonly #primary = byId('primary', HTMLButtonElement);
  readonly #stop = byId('stop', HTMLButtonElement);
  #announced = '';

  constructor(training: Training, actions: ControlActions) {
    this.#training = training;
    this.#primary.addEventListener('click', () => {
      const { phase } = training.state.value;
      if (phase === 'idle') actions.start();
      else if (phase === 'unavailable') actions.restart();
      else void training.togglePause();
    });
    this.#stop.addEventListener('click', () => {
      void training.stop();
      // The button is about to be disabled, which would drop the focus.
      this.#primary.focus({ preventScroll: true });
    });
    training.state.watch((state) => {
      this.#show(state);
    });
    setInterval(() => {
      this.#showTime();
    }, TICK);
  }

  #show(state: TrainingState): void {
    const { phase, outcome, epoch, epochs, progress, imagesPerSecond, accuracy, error, warning } = state;
    const waits = ['starting', 'preparing', 'stopping', 'finishing'].includes(phase);
    const again = phase === 'idle' && outcome !== undefined;
    setText(this.#primary, again ? 'Train again' : primaryText[phase]);
    // Not `disabled`: the button would lose the keyboard's focus whenever it has to wait.
    this.#primary.setAttribute('aria-disabled', String(waits));
    this.#stop.disabled = !['preparing', 'training', 'paused'].includes(phase);
    const text = statusText(state);
    setText(byId('status', HTMLElement), text);
    byId('progress', HTMLProgressElement).value = progress;
    setText(byId('stat-epoch', HTMLElement), epochs === 0 ? '–' : `${epoch} of ${epochs}`);
    setText(byId('stat-speed', HTMLElement), imagesPerSecond === 0 ? '–' : count(imagesPerSecond));
    setText(byId('stat-accuracy', HTMLElement), accuracy === undefined ? '–' : percent(accuracy));
    say(byId('run-alert', HTMLElement), error);
    say(byId('run-warning', HTMLElement), warning);
    document.body.dataset['phase'] = phase;
    this.#showTime();
    this.#tell(state, text);
  }

  #showTime(): void {
    const { seconds } = this.#training.clock;
    setText(byId('stat-time', HTMLElement), duration(seconds));
  }

  /** Speaks when something begins or ends, and once for each epoch. */
  #tell({ phase, accuracy }: TrainingState, text: string): void {
    const key = `${phase} ${accuracy ?? ''}`;
    if (key === this.#announced || phase === 'starting') return;
    const first = this.#announced === '';
    this.#announced = key;
    if (!first) announce(accuracy === undefined ? text : `${text} Held-out accuracy ${percent(accuracy)}.`);
  }
}

function statusText({ phase, outcome, epoch, epochs, accuracy, isKept }: TrainingState): string {
  switch (phase) {
    case 'starting':
      return 'Loading ONNX Runtime…';
    case 'unavailable':
      return 'Training is not possible here.';
    case 'preparing':
      return 'Writing the graph with its gradients, loading it, drawing digits…';
    case 'training':
      return `Training, epoch ${epoch} of ${epochs}.`;
    case 'paused':
      return `Paused in epoch ${epoch} of ${epochs}.${isKept === true ? ' A reload can go on from here.' : ''}`;
    case 'stopping':
      return 'Stopping after this step…';
    case 'finishing':
      return 'Finishing…';
    case 'idle':
      return idleText(outcome, accuracy);
  }
}

function idleText(outcome: TrainingState['outcome'], accuracy: number | undefined): string {
  switch (outcome) {
    case undefined:
      return 'Ready. The first results show within seconds.';
    case 'finished':
      return `Done: it reads ${percent(accuracy ?? 0)} of the held-out digits. Draw one yourself.`;
    case 'stopped':
      return 'Stopped. It keeps what it has learnt so far.';
    case 'failed':
      return 'The training ended with an error.';
  }
}
