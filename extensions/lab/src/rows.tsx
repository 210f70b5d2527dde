import React from 'react';

import { Column } from './api';
import { cell } from './wording';

interface RowsProps {
  columns: readonly Column[];
  rows: readonly (readonly unknown[])[];
  /** How many are before them. */
  first: number;
}

/** Rows of a dataset, or of what is to be one. */
export function Rows(props: RowsProps): JSX.Element {
  const { columns, rows, first } = props;
  return (
    <table>
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column.name} scope="col" data-kind={column.kind} title={about(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={first + at}>
            {columns.map((column, of) => (
              <Cell key={column.name} value={row[of]} column={column} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function about(column: Column): string {
  return column.kind === 'time' ? `${column.type}, shown in UTC` : column.type;
}

function Cell(props: { value: unknown; column: Column }): JSX.Element {
  const { value, column } = props;
  if (value === null) {
    return (
      <td data-kind={column.kind} className="aw-mod-missing">
        null
      </td>
    );
  }
  const text = cell(value, column.kind);
  return (
    <td data-kind={column.kind} title={text.length > 24 ? text : undefined}>
      {text}
    </td>
  );
}
