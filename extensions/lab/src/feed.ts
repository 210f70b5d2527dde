import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Client, Refused } from './client';

/** How the page stands with its server: `lost` is tried again by itself, `signed-out` is not. */
export type Connection = 'idle' | 'open' | 'lost' | 'signed-out';

/** Something that happened in the workspace. */
export interface Change {
  number: number;
  time: string;
  topic: string;
  name: string;
  detail: Record<string, unknown>;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 8000;
/** What the server closes a socket with when its sign-in has ended. */
const SIGNED_OUT = 4401;

/** Hears of changes through a socket, and opens it again when it is cut off. */
export class Feed implements IDisposable {
  constructor(private readonly client: Client) {
    window.addEventListener('online', this.retry);
  }

  /** Each change of the workspace that the user may know of. */
  get changed(): ISignal<this, Change> {
    return this._changed;
  }

  /** The connection's new state. */
  get stateChanged(): ISignal<this, Connection> {
    return this._stateChanged;
  }

  get state(): Connection {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Begins to listen; does nothing when it does already. */
  start(): void {
    if (this._state === 'idle') {
      this.connect();
    }
  }

  /** Tries at once what would be tried in a while. */
  readonly retry = (): void => {
    if (this._state === 'lost' || this._state === 'signed-out') {
      window.clearTimeout(this._timer);
      this.connect();
    }
  };

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.removeEventListener('online', this.retry);
    window.clearTimeout(this._timer);
    this._socket?.close();
    Signal.clearData(this);
  }

  private connect(): void {
    if (this._isDisposed || this._socket) {
      return;
    }
    const socket = new this.client.settings.WebSocket(this.client.changesUrl(this._heard));
    this._socket = socket;
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      this._socket = null;
      if (!this._isDisposed) {
        void this.cutOff(code);
      }
    };
  }

  private hear(message: { number: number } | Change): void {
    this._heard = message.number;
    if ('topic' in message) {
      this._changed.emit(message);
    } else {
      // The greeting: only now does the server listen for us.
      this._delay = FIRST_DELAY;
      this.become('open');
    }
  }

  private async cutOff(code: number): Promise<void> {
    const out = code === SIGNED_OUT || (await this.isSignedOut());
    if (this._isDisposed) {
      return;
    }
    this.become(out ? 'signed-out' : 'lost');
    if (!out) {
      this._timer = window.setTimeout(() => this.connect(), this._delay);
      this._delay = Math.min(this._delay * 2, LONGEST_DELAY);
    }
  }

  /** A browser does not tell why a socket was refused; a request does. */
  private async isSignedOut(): Promise<boolean> {
    try {
      await this.client.me();
      return false;
    } catch (error) {
      return error instanceof Refused && error.signedOut;
    }
  }

  private become(state: Connection): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private readonly _changed = new Signal<this, Change>(this);
  private readonly _stateChanged = new Signal<this, Connection>(this);
  private _socket: WebSocket | null = null;
  private _state: Connection = 'idle';
  private _heard: number | null = null;
  private _delay = FIRST_DELAY;
  private _timer = 0;
  private _isDisposed = false;
}
