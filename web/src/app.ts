import type { FileSource, ModelCard, PixelImage, StartInfo, StoredRun } from 'ort-train';
import { announce } from './announce.js';
import { Controls } from './controls.js';
import { Curves } from './curves.js';
import { devicesFor, plannedDevice, usedDevice } from './device-text.js';
import { byId, setText } from './dom.js';
import { Files } from './files.js';
import { count, percent, plural } from './format.js';
import { Mistakes } from './mistakes.js';
import { outlineOf } from './network-outline.js';
import { NetworkPicture } from './network-picture.js';
import { Pad } from './pad.js';
import { Reader } from './reader.js';
import { SettingsForm } from './settings-form.js';
import { defaults, networkOf, networkSpec, runOptions, type Settings } from './settings.js';
import { settingsOf, StoredOffer } from './stored.js';
import { Teach } from './teach.js';
import { Training } from './training.js';
import { TrainingData } from './training-data.js';

/** What has no network yet. */
const untrained = 'Not trained yet. Press Start training, then it reads what you draw.';
const otherImages = ([channels, height, width]: ModelCard['input']): string =>
  `This network reads images of ${height}×${width} pixels${channels === 3 ? ' in colour' : ''}, not drawn digits.`;

/** The page: its parts, and what each tells the others. */
export class App {
  readonly #training: Training;
  readonly #form: SettingsForm;
  readonly #picture: NetworkPicture;
  readonly #curves = new Curves();
  readonly #mistakes = new Mistakes();
  readonly #reader = new Reader(announce);
  readonly #data = new TrainingData();
  readonly #teach: Teach;
  readonly #files: Files;
  readonly #stored: StoredOffer;
  #settings: Settings = defaults;
  /** Of the network that reads the drawings. */
  #name = '';
  #heldOut = 0;

  /** @param example - What the picture of the network shows as its input. */
  constructor(example: string) {
    this.#training = new Training({
      onBegin: (info, stored) => {
        this.#begin(info, stored);
      },
      onOtherDevice: (info) => {
        this.#showDevice(info);
      },
      onBatch: (event) => {
        this.#curves.addBatch(event);
        this.#reader.weightsChanged();
      },
      onEpoch: (record) => {
        this.#curves.addEpoch(record);
        this.#showMistakes();
      },
      onNewWorker: () => {
        this.#forgetNetwork();
      },
      onEnd: () => {
        this.#end();
      },
    });
    this.#picture = new NetworkPicture(byId('picture', HTMLElement), example);
    this.#teach = new Teach({
      worker: () => this.#training.worker,
      image: () => this.#reader.image,
      isTraining: () => this.#training.state.value.phase === 'training',
      onTaught: () => {
        announce('Added to the training set');
      },
    });
    this.#stored = new StoredOffer({
      worker: () => this.#training.worker,
      resume: (run) => {
        this.#resume(run);
      },
    });
    this.#files = new Files({
      exportModel: () => this.#exportModel(),
      loadModel: (bytes, name) => this.#loadModel(bytes, name),
      takeData: (files) => this.#takeData(files),
      useDigits: () => {
        this.#data.useDigits();
        this.#showData();
        return 'The next training uses the embedded digits again.';
      },
    });
    this.#form = new SettingsForm((settings) => {
      this.#settings = settings;
      this.#showNetwork();
      this.#showPlan();
    });
    new Controls(this.#training, {
      start: () => {
        this.#start();
      },
      restart: () => {
        void this.boot();
      },
    });
    this.#reader.use(untrained);
    this.#training.state.watch(({ phase }) => {
      this.#form.lock(['preparing', 'training', 'paused', 'stopping'].includes(phase));
    });
    const pad = new Pad((content, settled) => {
      this.#reader.look(content, settled);
    }, announce);
    byId('clear', HTMLButtonElement).addEventListener('click', () => {
      pad.clear();
    });
    this.showExample = (image) => {
      pad.showImage(image);
    };
  }

  /** Puts an example digit on the pad. */
  readonly showExample: (image: PixelImage) => void;

  /** Starts the worker, and looks for a run that a former page left. */
  async boot(): Promise<void> {
    if (!(await this.#training.boot(defaults.images))) return;
    this.#showPlan();
    await this.#stored.look(this.#training.worker);
  }

  #start(): void {
    const settings = this.#form.read();
    if (settings === undefined) {
      this.#form.focusInvalid();
      return;
    }
    this.#stored.hide();
    void this.#training.run({
      ...runOptions(settings, this.#data.shape),
      ...devicesFor(settings.device, this.#training.worker.environment),
      ...this.#data.runOptions(settings.batchSize),
    });
  }

  #resume(run: StoredRun): void {
    this.#stored.hide();
    this.#form.show({ ...settingsOf(run.options), device: this.#settings.device });
    const more = run.finished ? { epochs: run.epochs + 1 } : {};
    void this.#training.run(
      {
        ...{ resume: 'stored', ...more },
        ...devicesFor(this.#settings.device, this.#training.worker.environment),
        ...(this.#data.split && { data: this.#data.split }),
      },
      run,
    );
    byId('primary', HTMLButtonElement).focus();
  }

  #begin(info: StartInfo, stored: StoredRun | undefined): void {
    const { network, data } = info;
    this.#name = network;
    this.#heldOut = data.testCount;
    this.#showDevice(info);
    this.#curves.begin(network);
    if (stored !== undefined) {
      this.#curves.restore(stored);
      if (stored.taught > 0) this.#teach.showCount(stored.taught);
    }
    this.#mistakes.clear();
    this.#read([this.#data.shape.channels, ...this.#data.shape.imageSize], `${network}, learning now`);
  }

  #end(): void {
    const { outcome, phase } = this.#training.state.value;
    if (phase !== 'idle') return;
    if (this.#name !== '' && outcome !== 'failed') {
      this.#reader.refresh();
      setText(byId('reader-facts', HTMLElement), `Read by ${this.#name}.`);
      this.#showMistakes();
    }
    if (outcome !== 'finished') void this.#stored.look(this.#training.worker);
  }

  /** What reads the drawings from now on. */
  #read(input: ModelCard['input'], facts: string): void {
    const digits = input.join() === '1,28,28';
    setText(byId('reader-facts', HTMLElement), `Read by ${facts}.`);
    this.#reader.use(digits ? (image) => this.#training.worker.predict(image) : otherImages(input));
    this.#files.enableDownload(true);
  }

  #forgetNetwork(): void {
    this.#name = '';
    this.#reader.use(untrained);
    setText(byId('reader-facts', HTMLElement), '');
    this.#files.enableDownload(false);
    this.#mistakes.clear();
  }

  #showMistakes(): void {
    const { accuracy } = this.#training.state.value;
    const known =
      accuracy === undefined || this.#heldOut === 0
        ? undefined
        : { wrong: Math.round((1 - accuracy) * this.#heldOut), of: this.#heldOut };
    void this.#mistakes.refresh(this.#training.worker, known);
  }

  #showNetwork(): void {
    const outline = outlineOf(networkOf(networkSpec(this.#settings, this.#data.shape)));
    this.#picture.show(outline);
    const { name, parameters, groups } = outline;
    const layers = groups.flatMap((group) => group.layers);
    const weights = layers.filter(({ kind }) => kind === 'conv' || kind === 'linear').length;
    setText(
      byId('network-facts', HTMLElement),
      `${name}: ${plural(weights, 'layer')}, ${count(parameters)} parameters`,
    );
    const legend = byId('picture-legend', HTMLElement);
    legend.classList.toggle(
      'without-norm',
      layers.every(({ kind }) => kind !== 'norm'),
    );
    legend.classList.toggle(
      'without-shortcut',
      groups.every(({ shortcut }) => shortcut === undefined),
    );
  }

  #showDevice({ device }: StartInfo): void {
    const { environment } = this.#training.worker;
    setText(byId('device', HTMLElement), usedDevice(this.#settings.device, device, environment));
  }

  #showPlan(): void {
    if (this.#training.state.value.phase !== 'idle') return;
    setText(
      byId('device', HTMLElement),
      plannedDevice(this.#settings.device, this.#training.worker.environment),
    );
  }

  async #exportModel(): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
    return { bytes: await this.#training.worker.exportModel(), name: `${this.#name || 'model'}.onnx` };
  }

  async #loadModel(bytes: Uint8Array, name: string): Promise<string> {
    if (this.#training.state.value.phase !== 'idle') {
      throw new Error('a training goes on: stop it before you load another network');
    }
    const card = await this.#training.worker.loadModel(bytes, name);
    this.#name = card.network;
    this.#heldOut = 0;
    this.#read(card.input, `${card.network} from ${name}`);
    this.#teach.showClasses(card.classes);
    this.#mistakes.clear();
    if (card.classes.length === 10 && card.input.join() === '1,28,28') {
      void this.#mistakes.refresh(this.#training.worker);
    }
    const { testAccuracy, data } = card.provenance;
    const score =
      typeof testAccuracy === 'number' ? `, ${percent(testAccuracy)} right on held-out images` : '';
    const from = typeof data === 'string' ? `, trained on ${data.replace(/\/train$/, '')}` : '';
    return `${name} is loaded: ${card.network}${from}${score}. It reads what you draw.`;
  }

  async #takeData(files: FileSource): Promise<string> {
    if (this.#training.state.value.phase !== 'idle') {
      throw new Error('a training goes on: stop it before you choose other data');
    }
    const text = await this.#data.take(files);
    this.#showData();
    return text;
  }

  #showData(): void {
    this.#files.showOwnData(this.#data.split !== undefined);
    this.#form.useOwnData(this.#data.own);
    this.#teach.showClasses(this.#data.classes);
    this.#showNetwork();
  }
}
