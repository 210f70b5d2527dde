import React, { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { LabIcon } from '@jupyterlab/ui-components';

import { DatasetItem } from './api';
import { insertIcon } from './icons';
import { ago, counted, exactly } from './wording';

/** The height of a row in pixels; the stylesheet has it, too. */
export const ROW = 48;
/** Rows drawn beyond what is seen, so that a quick scroll shows no gap. */
const BEYOND = 6;
/** How many rows before the last loaded one the next page is asked for. */
const AHEAD = 30;

export interface ListProps {
  id: string;
  items: readonly DatasetItem[];
  total: number;
  /** Which row the keyboard is at. */
  active: number;
  stale: boolean;
  open: (item: DatasetItem) => void;
  insert: (item: DatasetItem) => void;
  more: () => void;
}

export function optionId(list: string, row: number): string {
  return `${list}-${row}`;
}

/** Thousands of rows, of which those in sight are drawn. */
export function List(props: ListProps): JSX.Element {
  const { items, active, more } = props;
  const node = useRef<HTMLDivElement>(null);
  const [seen, look] = useState({ top: 0, height: 0 });

  useLayoutEffect(() => {
    const scroller = node.current!;
    const measure = () => look({ top: scroller.scrollTop, height: scroller.clientHeight });
    const watching = new ResizeObserver(measure);
    watching.observe(scroller);
    measure();
    return () => watching.disconnect();
  }, []);

  useLayoutEffect(() => {
    const scroller = node.current!;
    const top = active * ROW;
    if (top < scroller.scrollTop) {
      scroller.scrollTop = top;
    } else if (top + ROW > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = top + ROW - scroller.clientHeight;
    }
  }, [active]);

  const first = Math.max(0, Math.floor(seen.top / ROW) - BEYOND);
  const last = Math.min(items.length, Math.ceil((seen.top + seen.height) / ROW) + BEYOND);
  useEffect(() => {
    if (last + AHEAD >= items.length) {
      more();
    }
  }, [last, items.length]);

  const drawn = items.slice(first, last);
  const rows = new Set(drawn.map((_, at) => first + at));
  if (active < items.length) {
    rows.add(active); // what the search field says is active has to be there
  }
  return (
    <div
      ref={node}
      id={props.id}
      className="aw-List"
      role="listbox"
      aria-label="Datasets"
      aria-busy={props.stale}
      onScroll={({ currentTarget }) => look({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })}
    >
      <div style={{ height: items.length * ROW }} role="presentation">
        {[...rows].map(row => (
          <Row key={items[row]!.name} {...props} item={items[row]!} row={row} />
        ))}
      </div>
    </div>
  );
}

function Row(props: ListProps & { item: DatasetItem; row: number }): JSX.Element {
  const { item, row, open, insert } = props;
  return (
    <div
      id={optionId(props.id, row)}
      className="aw-Row"
      role="option"
      aria-selected={row === props.active}
      aria-setsize={props.total}
      aria-posinset={row + 1}
      style={{ top: row * ROW }}
      title={item.description || undefined}
      // The search field keeps the focus.
      onMouseDown={event => event.preventDefault()}
      onClick={() => open(item)}
    >
      <span className="aw-Row-name">{item.name}</span>
      <span className="aw-Row-when" title={exactly(item.updated)}>
        {ago(item.updated)}
      </span>
      <span className="aw-Row-about">{item.description || item.owner}</span>
      <span className="aw-Row-rows">{counted(item.rows, 'row')}</span>
      {/* For the mouse; the keyboard has Ctrl Enter. */}
      <span
        className="aw-Row-insert"
        title="Insert code to load this (Ctrl Enter)"
        onClick={event => {
          event.stopPropagation();
          insert(item);
        }}
      >
        <LabIcon.resolveReact icon={insertIcon} tag="span" aria-hidden="true" />
      </span>
    </div>
  );
}
