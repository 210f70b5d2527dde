import { ISignal, Signal } from '@lumino/signaling';

import { DatasetItem, DatasetsParameters, Facet } from './api';
import { Abandoned, Client } from './client';

export type Question = Pick<DatasetsParameters, 'search' | 'owner' | 'sort'>;

/** What is known of the list. What was loaded stays while something newer is on its way. */
export interface Listed {
  question: Question;
  items: readonly DatasetItem[];
  total: number;
  owners: readonly Facet[];
  next: string | null;
  /** Whether `items` answer `question`. */
  answered: boolean;
  loading: boolean;
  error: Error | null;
}

const PAGE = 100;
/** The most that the server gives at once. */
const LARGEST_PAGE = 500;

/** The datasets that a question finds, loaded page by page as they are looked at. */
export class Listing {
  constructor(private readonly client: Client) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): Listed {
    return this._state;
  }

  /** Asks for something else; an answer still on its way to an earlier question is dropped. */
  ask(question: Question): Promise<void> {
    return this.load(question, PAGE);
  }

  /** Asks again, for as much as is loaded. */
  refresh(): Promise<void> {
    const { question, items } = this._state;
    return this.load(question, Math.min(Math.max(items.length, PAGE), LARGEST_PAGE));
  }

  /** Loads the next page, if there is one and none is on its way. */
  async more(): Promise<void> {
    const { loading, next, question, items } = this._state;
    if (loading || next === null) {
      return;
    }
    this.become({ loading: true });
    await this.settle(async signal => {
      const page = await this.client.datasets({ ...question, limit: PAGE, cursor: next }, signal);
      return { items: [...items, ...page.items], total: page.total, next: page.next };
    });
  }

  private load(question: Question, limit: number): Promise<void> {
    this._aborting.abort();
    this._aborting = new AbortController();
    this.become({ question, loading: true, answered: question === this._state.question && this._state.answered });
    return this.settle(async signal => ({ ...(await this.client.datasets({ ...question, limit }, signal)), answered: true }));
  }

  private async settle(work: (signal: AbortSignal) => Promise<Partial<Listed>>): Promise<void> {
    try {
      this.become({ ...(await work(this._aborting.signal)), loading: false, error: null });
    } catch (error) {
      if (!(error instanceof Abandoned)) {
        this.become({ loading: false, error: error as Error });
      }
    }
  }

  private become(changes: Partial<Listed>): void {
    this._state = { ...this._state, ...changes };
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _aborting = new AbortController();
  private _state: Listed = {
    question: {},
    items: [],
    total: 0,
    owners: [],
    next: null,
    answered: false,
    loading: false,
    error: null
  };
}
