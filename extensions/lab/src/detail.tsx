import { Button, caretLeftIcon, copyIcon, LabIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef, useState } from 'react';

import { DatasetDetail } from './api';
import { Client } from './client';
import { useAnswer } from './hooks';
import { insertIcon } from './icons';
import { Problem, Skeleton } from './notice';
import { PreviewGrid } from './preview';
import { Versions } from './versions';
import { ago, counted, exactly, grouped, shortType, size } from './wording';

/** What the panel does outside of itself. */
export interface Actions {
  insert: (dataset: string, version?: number) => void;
  copy: (text: string) => void;
  startHere: () => void;
}

export interface DetailProps {
  client: Client;
  name: string;
  /** Grows when what is shown may no longer be so. */
  revision: number;
  actions: Actions;
  back: () => void;
  again: () => void;
}

const VIEWS = ['Schema', 'Preview', 'Versions'] as const;
type View = (typeof VIEWS)[number];

/** One dataset: what it is, its columns, some rows, its versions, and the code that loads it. */
export function Detail(props: DetailProps): JSX.Element {
  const { client, name, revision, actions } = props;
  const { value, error, loading } = useAnswer(signal => client.dataset(name, signal), [client, name, revision]);
  const [view, show] = useState<View>('Schema');
  const [copied, say] = useState(false);
  const insert = useRef<HTMLButtonElement>(null);
  const heading = `aw-detail-${name}`;
  useEffect(() => insert.current?.focus(), []);
  useEffect(() => {
    const timer = window.setTimeout(() => say(false), 2000);
    return () => window.clearTimeout(timer);
  }, [copied]);

  return (
    <section
      className="aw-Detail"
      aria-labelledby={heading}
      aria-busy={loading}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.back();
        }
      }}
    >
      <header>
        <div className="aw-Detail-title">
          <Button small minimal title="Back to the list (Escape)" aria-label="Back to the list" onClick={props.back}>
            <LabIcon.resolveReact icon={caretLeftIcon} tag="span" />
          </Button>
          <h2 id={heading} title={name}>
            {name}
          </h2>
        </div>
        {value?.description && <p>{value.description}</p>}
        <div className="aw-Detail-actions">
          <button ref={insert} className="aw-Button aw-mod-accept" onClick={() => actions.insert(name)}>
            <LabIcon.resolveReact icon={insertIcon} tag="span" aria-hidden="true" />
            Insert code
          </button>
          <button
            className="aw-Button"
            onClick={() => {
              actions.copy(name);
              say(true);
            }}
          >
            <LabIcon.resolveReact icon={copyIcon} tag="span" aria-hidden="true" />
            <span aria-live="polite">{copied ? 'Copied' : 'Copy name'}</span>
          </button>
        </div>
        {value && <Facts dataset={value} />}
      </header>
      {error ? (
        <Problem error={error} again={props.again} />
      ) : (
        <>
          <Tabs view={view} show={show} />
          <div className="aw-View" role="tabpanel" id="aw-view" aria-labelledby={`aw-tab-${view}`}>
            {value === null ? (
              <Skeleton rows={6} />
            ) : view === 'Schema' ? (
              <Schema dataset={value} />
            ) : view === 'Preview' ? (
              <PreviewGrid {...props} />
            ) : (
              <Versions {...props} />
            )}
          </div>
        </>
      )}
    </section>
  );
}

function Facts(props: { dataset: DatasetDetail }): JSX.Element {
  const { dataset } = props;
  return (
    <dl className="aw-Facts">
      <dt>Rows</dt>
      <dd>{grouped(dataset.rows)}</dd>
      <dt>Updated</dt>
      <dd title={exactly(dataset.updated)}>{ago(dataset.updated)}</dd>
      <dt>Size</dt>
      <dd>{size(dataset.bytes)}</dd>
      <dt>Owner</dt>
      <dd>{dataset.owner}</dd>
      {dataset.source && (
        <>
          <dt>Source</dt>
          <dd className="aw-mod-wide" title={dataset.source}>
            {dataset.source}
          </dd>
        </>
      )}
    </dl>
  );
}

/** Tabs as the keyboard knows them: arrows move, and what is moved to is shown. */
function Tabs(props: { view: View; show: (view: View) => void }): JSX.Element {
  const node = useRef<HTMLDivElement>(null);
  const move = (by: number) => {
    const to = (VIEWS.indexOf(props.view) + by + VIEWS.length) % VIEWS.length;
    props.show(VIEWS[to]!);
    (node.current!.children[to] as HTMLElement).focus();
  };
  return (
    <div
      ref={node}
      className="aw-Tabs"
      role="tablist"
      aria-label="About the dataset"
      onKeyDown={event => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (by) {
          event.preventDefault();
          move(by);
        }
      }}
    >
      {VIEWS.map(view => (
        <button
          key={view}
          id={`aw-tab-${view}`}
          role="tab"
          aria-selected={view === props.view}
          aria-controls="aw-view"
          tabIndex={view === props.view ? 0 : -1}
          onClick={() => props.show(view)}
        >
          {view}
        </button>
      ))}
    </div>
  );
}

function Schema(props: { dataset: DatasetDetail }): JSX.Element {
  const { columns, key, partition_by } = props.dataset;
  return (
    <table className="aw-Schema">
      <caption>{counted(columns.length, 'column')}</caption>
      <tbody>
        {columns.map(column => (
          <tr key={column.name}>
            <th scope="row">
              {column.name}
              {key.includes(column.name) && <abbr title="Part of the key">key</abbr>}
              {partition_by.includes(column.name) && <abbr title="The files are laid out by it">partition</abbr>}
              {!column.nullable && !key.includes(column.name) && <abbr title="Never missing">required</abbr>}
            </th>
            <td title={column.type}>{shortType(column.type)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
