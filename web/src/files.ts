import { filesFromDrop, type FileSource } from 'ort-train';
import { byId, say } from './dom.js';
import { messageOf } from './errors.js';

/** What is done with files. */
export interface FileActions {
  /** The present network's file. */
  readonly exportModel: () => Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
  /** Loads a network; gives a sentence that says what it is. */
  readonly loadModel: (bytes: Uint8Array, name: string) => Promise<string>;
  /** Takes files to train on; gives a sentence that says what they are. */
  readonly takeData: (files: FileSource) => Promise<string>;
  /** Back to the embedded digits; a sentence again. */
  readonly useDigits: () => string;
}

/** Download and load buttons, and files dropped anywhere on the page. */
export class Files {
  readonly #actions: FileActions;
  readonly #status = byId('files-status', HTMLElement);
  readonly #alert = byId('files-alert', HTMLElement);
  readonly #veil = byId('drop-veil', HTMLElement);

  constructor(actions: FileActions) {
    this.#actions = actions;
    byId('download', HTMLButtonElement).addEventListener('click', () => {
      void this.#attempt(() => this.#download());
    });
    this.#picker('open-model', 'model-file');
    this.#picker('open-data', 'data-files');
    byId('use-digits', HTMLButtonElement).addEventListener('click', () => {
      void this.#attempt(() => Promise.resolve(actions.useDigits()));
      byId('open-data', HTMLButtonElement).focus();
    });
    this.#listenForDrops();
  }

  /** Whether there is a network to download. */
  enableDownload(enabled: boolean): void {
    byId('download', HTMLButtonElement).disabled = !enabled;
  }

  /** Whether other data than the digits are trained on. */
  showOwnData(own: boolean): void {
    byId('use-digits', HTMLButtonElement).hidden = !own;
  }

  #picker(button: string, input: string): void {
    const field = byId(input, HTMLInputElement);
    byId(button, HTMLButtonElement).addEventListener('click', () => {
      field.click();
    });
    field.addEventListener('change', () => {
      const files = [...(field.files ?? [])];
      // The same file chosen again is a change again.
      field.value = '';
      if (files.length > 0) void this.#attempt(() => this.#take(files));
    });
  }

  #listenForDrops(): void {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    addEventListener('dragenter', (event) => {
      if (hasFiles(event)) this.#veil.hidden = false;
    });
    addEventListener('dragover', (event) => {
      // Without this the browser would open the file in the page's place.
      if (hasFiles(event)) event.preventDefault();
    });
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) this.#veil.hidden = true;
    });
    addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.#veil.hidden = true;
      const drop = event.dataTransfer;
      if (drop !== null) {
        // The browser takes the list away after the event.
        const dropped = [...drop.files];
        const files = filesFromDrop(drop);
        void this.#attempt(async () => this.#take(dropped, await files));
      }
    });
  }

  /** One `.onnx` is a network; everything else is data. */
  async #take(chosen: readonly File[], files: FileSource = chosen): Promise<string> {
    const [first, second] = chosen;
    if (first !== undefined && second === undefined && /\.onnx$/i.test(first.name)) {
      return this.#actions.loadModel(new Uint8Array(await first.arrayBuffer()), first.name);
    }
    return this.#actions.takeData(files);
  }

  async #download(): Promise<string> {
    const { bytes, name } = await this.#actions.exportModel();
    const url = URL.createObjectURL(new Blob([bytes.slice()], { type: 'application/octet-stream' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    // The download has begun by then; the memory is free.
    setTimeout(() => {
      URL.revokeObjectURL(url);
    }, 60_000);
    return `${name} is in your downloads (${(bytes.byteLength / 1e6).toFixed(1)} MB).`;
  }

  async #attempt(action: () => Promise<string>): Promise<void> {
    say(this.#alert, undefined);
    try {
      say(this.#status, await action());
    } catch (error) {
      say(this.#status, undefined);
      say(this.#alert, messageOf(error));
      this.#alert.scrollIntoView({ block: 'nearest' });
    }
  }
}
