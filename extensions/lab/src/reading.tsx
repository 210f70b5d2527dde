import { HTMLSelect } from '@jupyterlab/ui-components';
import React, { useId } from 'react';

import { HowToRead, UploadPreview } from './api';

const SEPARATORS: [string, string][] = [
  [',', 'comma'],
  [';', 'semicolon'],
  ['tab', 'tab'],
  ['|', 'bar |']
];
const ENCODINGS = ['utf-8', 'cp1252', 'latin-1', 'utf-16'];

interface ReadingProps {
  /** Null where it could not be read. */
  preview: UploadPreview | null;
  read: HowToRead;
  file: string;
  again: (change: HowToRead) => void;
}

/** What a file does not say of itself: separator and encoding of text, the sheet of a workbook, the zone of times. */
export function Reading(props: ReadingProps): JSX.Element | null {
  const { preview, read, again } = props;
  // What cannot be read is most often delimited text that was taken for other than it is.
  const text = preview ? preview.format === 'csv' : !/\.(json|ndjson|jsonl|parquet|xlsx)$/i.test(props.file);
  const sheets = preview?.sheets ?? [];
  const timed = (preview?.zoneless.length ?? 0) > 0 || read.time_zone;
  if (!text && sheets.length < 2 && !timed) {
    return null;
  }
  const separator = read.separator ?? preview?.separator ?? '';
  const encoding = read.encoding ?? preview?.encoding ?? '';
  return (
    <div className="aw-Fields">
      {text && (
        <>
          <Choice
            label="Separator"
            value={separator}
            options={withOther(SEPARATORS, separator)}
            pick={value => again({ separator: value })}
          />
          <Choice
            label="Encoding"
            value={encoding}
            options={withOther(ENCODINGS.map(one => [one, one]), encoding)}
            pick={value => again({ encoding: value })}
          />
        </>
      )}
      {sheets.length > 1 && (
        <Choice
          label="Sheet"
          value={read.sheet || sheets[0]!}
          options={sheets.map(one => [one, one])}
          pick={sheet => again({ sheet, types: {} })}
        />
      )}
      {timed && (
        <Choice
          label="Time zone"
          value={read.time_zone ?? ''}
          options={[['', 'choose…'], ...zones()]}
          pick={value => again({ time_zone: value || null })}
          hint={read.time_zone ? undefined : `${preview!.zoneless.join(', ')}: times that do not say their zone`}
        />
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: [string, string][];
  pick: (value: string) => void;
  hint?: string;
}

export function Choice(props: ChoiceProps): JSX.Element {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{props.label}</label>
      <HTMLSelect
        id={id}
        value={props.value}
        aria-describedby={props.hint && `${id}-hint`}
        onChange={event => props.pick(event.target.value)}
      >
        {props.options.map(([value, said]) => (
          <option key={value} value={value}>
            {said}
          </option>
        ))}
      </HTMLSelect>
      {props.hint && (
        <p id={`${id}-hint`} className="aw-Hint">
          {props.hint}
        </p>
      )}
    </>
  );
}

function withOther(options: [string, string][], value: string): [string, string][] {
  return options.some(([one]) => one === value) ? options : [[value, value || 'as found'], ...options];
}

/** The browser's own zone first, then UTC and all that it knows. */
function zones(): [string, string][] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])].map(one => [one, one]);
}
