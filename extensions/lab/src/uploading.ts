import { ISignal, Signal } from '@lumino/signaling';

import { HowToRead, LoadUpload, UploadItem, UploadPreview } from './api';
import { Abandoned, Client, Refused, Unreachable } from './client';
import { pause, send } from './sending';

/** So long until a load is asked about again, and how often at most while the server is still at it. */
const AGAIN = 1000;
const PATIENCE = 300;

export type Step = 'choosing' | 'sending' | 'looking' | 'loading';

/** How far the upload is. */
export interface Uploaded {
  step: Step;
  /** What the file is called, and its bytes. */
  file: string;
  size: number;
  received: number;
  /** Whether the server answers. */
  answering: boolean;
  /** Of this person, and neither loaded nor forgotten. */
  unfinished: readonly UploadItem[];
  /** How it is read, where not as it is found to be. */
  read: HowToRead;
  /** What it would be, read so; the last that could be read stays. */
  preview: UploadPreview | null;
  /** What its columns were found to be where nobody said otherwise, by name. */
  found: Readonly<Record<string, string>>;
  /** Whether a preview is on its way. */
  reading: boolean;
  /** What is wrong with how it is read, or with sending it. */
  error: Error | null;
  /** Why it was not loaded. */
  refusal: Error | null;
}

const NOTHING: Uploaded = {
  step: 'choosing',
  file: '',
  size: 0,
  received: 0,
  answering: true,
  unfinished: [],
  read: {},
  preview: null,
  found: {},
  reading: false,
  error: null,
  refusal: null
};

/** One file on its way from this machine into a dataset. It goes on while something else is looked at. */
export class Uploading {
  constructor(private readonly client: Client) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): Uploaded {
    return this._state;
  }

  /** Asks what was begun and never loaded. */
  async look(): Promise<void> {
    try {
      const { items } = await this.client.uploads();
      this.become({ unfinished: items.filter(one => one.state !== 'loaded') });
    } catch {
      // Nobody is told: what keeps it from being asked keeps a file from being sent, and is said then.
    }
  }

  /**
   * Sends a file and looks at it.
   *
   * @param begun - The upload that it is the rest of.
   */
  async take(file: File, begun?: UploadItem): Promise<void> {
    if (begun && begun.size !== file.size) {
      const said = `“${file.name}” has ${file.size} bytes, and “${begun.file}” has ${begun.size}: it is another file`;
      this.become({ error: new Error(said) });
      return;
    }
    const { name, size } = file;
    await this.going({ step: 'sending', file: name, size, received: begun?.received ?? 0 }, async signal => {
      const upload = begun
        ? await this.client.upload(begun.id, signal)
        : await this.client.startUpload({ file: name, size }, signal);
      this._id = upload.id;
      await send(this.client, upload, file, signal, (received, answering) => this.become({ received, answering }));
      await this.show(signal);
    });
  }

  /** Takes what was dropped, unless one is under way already. */
  drop(files: readonly File[]): void {
    if (this._state.step !== 'choosing') {
      return;
    }
    const [file, second] = files;
    if (second) {
      this.become({ error: new Error('One file at a time can be uploaded') });
    } else if (file) {
      void this.take(file);
    }
  }

  /** Goes on with one that all bytes are there of. */
  async goOn(upload: UploadItem): Promise<void> {
    this._id = upload.id;
    const { file, size, received } = upload;
    await this.going({ step: 'sending', file, size, received }, signal => this.show(signal));
  }

  /** Reads it another way. */
  async read(read: HowToRead): Promise<void> {
    this._aborting.abort();
    this._aborting = new AbortController();
    const { signal } = this._aborting;
    this.become({ read, reading: true, refusal: null });
    try {
      const preview = await this.client.previewUpload(this._id, { read }, signal);
      this.become({ preview, found: this.found(preview), reading: false, error: null });
    } catch (error) {
      if (!(error instanceof Abandoned)) {
        this.become({ reading: false, error: error as Error });
      }
    }
  }

  /**
   * Makes a dataset of it, or brings it into one. Where the connection drops, the server goes on, and is asked again.
   *
   * @returns The dataset, or null where it was refused.
   */
  async load(into: Omit<LoadUpload, 'read'>): Promise<string | null> {
    this.become({ step: 'loading', refusal: null });
    const { signal } = (this._aborting = new AbortController());
    try {
      const done = await this.loaded({ ...into, read: this._state.read }, signal);
      this.become(NOTHING);
      return done.dataset;
    } catch (error) {
      this.become({ step: 'looking', refusal: error as Error });
      return null;
    }
  }

  /** Forgets it, here and at the server. */
  async cancel(): Promise<void> {
    const id = this._id;
    this._aborting.abort();
    this._id = '';
    this.become(NOTHING);
    if (id) {
      await this.forget(id);
    }
  }

  /** Forgets one that was begun. */
  async forget(id: string): Promise<void> {
    try {
      await this.client.cancelUpload(id);
    } catch {
      // A day later it is forgotten anyway.
    }
    await this.look();
  }

  private async show(signal: AbortSignal): Promise<void> {
    this.become({ step: 'looking', reading: true });
    const preview = await this.client.previewUpload(this._id, {}, signal);
    this.become({ preview, found: this.found(preview), reading: false });
  }

  private found(preview: UploadPreview): Record<string, string> {
    const { found, read } = this._state;
    const here = preview.columns.filter(({ name }) => !(name in (read.types ?? {})));
    return { ...found, ...Object.fromEntries(here.map(({ name, kind }) => [name, kind])) };
  }

  private async loaded(into: LoadUpload, signal: AbortSignal): Promise<UploadItem> {
    let dropped = 0;
    for (;;) {
      try {
        if (dropped > 0) {
          const found = await this.client.upload(this._id, signal);
          if (found.state === 'loaded') {
            return found;
          }
        }
        return await this.client.loadUpload(this._id, into, signal);
      } catch (error) {
        // What a dropped connection had begun is still at it, and refuses a second one beside it.
        const busy = dropped > 0 && dropped < PATIENCE && error instanceof Refused && error.problem.code === 'conflict';
        if (!(error instanceof Unreachable) && !busy) {
          throw error;
        }
        dropped += 1;
        await pause(AGAIN, signal);
      }
    }
  }

  private async going(begin: Partial<Uploaded>, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this._aborting.abort();
    const { signal } = (this._aborting = new AbortController());
    this.become({ ...NOTHING, ...begin });
    try {
      await work(signal);
    } catch (error) {
      if (!(error instanceof Abandoned)) {
        // What could not be sent may be another file; what could not be read may be read another way.
        const step = this._state.step === 'sending' ? 'choosing' : this._state.step;
        this.become({ step, error: error as Error, reading: false });
      }
    }
  }

  private become(changes: Partial<Uploaded>): void {
    this._state = { ...this._state, ...changes };
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _aborting = new AbortController();
  private _id = '';
  private _state: Uploaded = NOTHING;
}
