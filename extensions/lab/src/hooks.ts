import { ISignal } from '@lumino/signaling';
import { DependencyList, useEffect, useState, useSyncExternalStore } from 'react';

import { Abandoned } from './client';

/** A value that a signal tells the changes of. */
export function useTold<S, T>(signal: ISignal<S, unknown>, value: () => T): T {
  const [subscribe] = useState(() => (onChange: () => void) => {
    signal.connect(onChange);
    return () => void signal.disconnect(onChange);
  });
  return useSyncExternalStore(subscribe, value);
}

export interface Answered<T> {
  /** The last answer; it stays while the next one is on its way. */
  value: T | null;
  error: Error | null;
  loading: boolean;
}

/** Asks when something changed, and drops what is still on its way by then. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, changes: DependencyList): Answered<T> {
  const [answered, become] = useState<Answered<T>>({ value: null, error: null, loading: true });
  useEffect(() => {
    const aborting = new AbortController();
    become(last => ({ ...last, loading: true }));
    ask(aborting.signal).then(
      value => !aborting.signal.aborted && become({ value, error: null, loading: false }),
      error => error instanceof Abandoned || become(last => ({ ...last, error, loading: false }))
    );
    return () => aborting.abort();
  }, changes);
  return answered;
}

/** The newest of quickly changing values, once it has been still for a while. */
export function useStill<T>(value: T, milliseconds: number): T {
  const [still, become] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => become(value), milliseconds);
    return () => window.clearTimeout(timer);
  }, [value, milliseconds]);
  return still;
}

/** Draws again every half minute, so that "5 min. ago" stays true. */
export function useClock(): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick(count => count + 1), 30_000);
    return () => window.clearInterval(timer);
  }, []);
}
