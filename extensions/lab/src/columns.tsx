import { HTMLSelect } from '@jupyterlab/ui-components';
import React from 'react';

import { HowToRead, UploadPreview } from './api';
import { Mistake } from './notice';
import { UploadProps } from './upload';

type ColumnType = NonNullable<HowToRead['types']>[string];
const TYPES: ColumnType[] = ['text', 'integer', 'number', 'boolean', 'date', 'time'];

interface ColumnsProps extends UploadProps {
  preview: UploadPreview;
  /** The column that is not what it was said to be, and what the server says of it. */
  blamed: string | null;
  error: Error | null;
  again: (change: HowToRead) => void;
}

/** The columns with what they are taken for, which may be changed. */
export function Columns(props: ColumnsProps): JSX.Element {
  const { preview, blamed, error, again } = props;
  const { read, found } = props.uploading.state;
  const types = read.types ?? {};
  const say = (name: string, type: string) => {
    const { [name]: _, ...others } = types;
    again({ types: type === '' ? others : { ...others, [name]: type as ColumnType } });
  };
  return (
    <table className="aw-Schema aw-Typed">
      <caption>Columns</caption>
      <tbody>
        {preview.columns.map(({ name, kind }, at) => {
          const as = found[name] ?? kind;
          const wrong = name === blamed;
          return (
            <React.Fragment key={name}>
              <tr>
                <th scope="row" id={`aw-typed-${at}`}>
                  {name}
                </th>
                <td>
                  <HTMLSelect
                    aria-label={`Type of ${name}`}
                    aria-invalid={wrong}
                    aria-describedby={wrong ? `aw-typed-error-${at}` : undefined}
                    value={types[name] ?? ''}
                    onChange={event => say(name, event.target.value)}
                  >
                    <option value="">{as}</option>
                    {TYPES.filter(type => type !== as).map(type => (
                      <option key={type} value={type}>
                        {type}
                      </option>
                    ))}
                  </HTMLSelect>
                </td>
              </tr>
              {wrong && error && (
                <tr className="aw-mod-wrong">
                  <td colSpan={2} id={`aw-typed-error-${at}`}>
                    <Mistake error={error} />
                  </td>
                </tr>
              )}
            </React.Fragment>
          );
        })}
      </tbody>
    </table>
  );
}
