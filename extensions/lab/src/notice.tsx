import { Button } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';

import { Refused, Unreachable } from './client';
import { Connection } from './feed';

const SECONDS_OF_GOOD_NEWS = 4;

/** Says what there is not, in the place where it would be. */
export function Notice(props: { title: string; hint?: string | null; children?: React.ReactNode }): JSX.Element {
  return (
    <div className="aw-Notice">
      <p className="aw-Notice-title">{props.title}</p>
      {props.hint && <p>{props.hint}</p>}
      {props.children}
    </div>
  );
}

/** What went wrong, and what to do about it. */
export function Problem(props: { error: Error; again: () => void }): JSX.Element {
  const { error, again } = props;
  const hint = error instanceof Refused ? error.problem.hint : null;
  const said = sentence(error.message);
  return (
    <div role="alert">
      <Notice title={said} hint={error instanceof Unreachable ? 'It is asked again by itself.' : hint && sentence(hint)}>
        <button className="aw-Button" onClick={again}>
          Try again
        </button>
      </Notice>
    </div>
  );
}

/** What is wrong with something, beside it. */
export function Mistake(props: { error: Error }): JSX.Element {
  const { error } = props;
  const hint = error instanceof Refused ? error.problem.hint : null;
  return (
    <div role="alert" className="aw-Mistake">
      <p>{sentence(error.message)}</p>
      {hint && <p>{sentence(hint)}</p>}
    </div>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

/** How the page stands with its server, when that is worth a word. */
export function ConnectionBanner(props: { connection: Connection; retry: () => void }): JSX.Element {
  const { connection, retry } = props;
  const [wasLost, remember] = useState(false);
  useEffect(() => {
    if (connection === 'lost' || connection === 'signed-out') {
      remember(true);
      return undefined;
    }
    const timer = window.setTimeout(() => remember(false), SECONDS_OF_GOOD_NEWS * 1000);
    return () => window.clearTimeout(timer);
  }, [connection]);
  return (
    <div role="status" className="aw-Banner" data-connection={wasLost || connection === 'lost' ? connection : 'idle'}>
      {connection === 'lost' && (
        <>
          <span>The server does not answer. Reconnecting…</span>
          <Button small minimal onClick={retry}>
            Now
          </Button>
        </>
      )}
      {connection === 'signed-out' && (
        <>
          <span>You are signed out. Open a fresh sign-in link.</span>
          <Button small minimal onClick={retry}>
            Done
          </Button>
        </>
      )}
      {connection === 'open' && wasLost && <span>Connected again.</span>}
    </div>
  );
}

/** Grey lines where rows will be. */
export function Skeleton(props: { rows: number }): JSX.Element {
  return (
    <div className="aw-Skeleton" role="status" aria-label="Loading">
      {Array.from({ length: props.rows }, (_, row) => (
        <div key={row} />
      ))}
    </div>
  );
}
