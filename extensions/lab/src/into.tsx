import React, { useEffect, useId, useRef, useState } from 'react';

import { Mode, UploadPreview } from './api';
import { useAnswer, useTold } from './hooks';
import { Mistake } from './notice';
import { Choice } from './reading';
import { UploadProps } from './upload';

const NEW = 'new';
const MODES: [Mode | typeof NEW, string, string][] = [
  [NEW, 'a new dataset', ''],
  ['append', 'added to one', ''],
  ['upsert', 'upserted into one', 'Rows of the same key are replaced. None: the dataset’s own key.'],
  ['delete-insert', 'in place of its partitions', ''],
  ['snapshot', 'history of one', 'When a row held is kept. None: the dataset’s own key.'],
  ['replace', 'in place of all its rows', 'Its rows go; earlier versions stay.']
];
const KEYED: string[] = [NEW, 'upsert', 'snapshot'];
/** Names offered beside the field. */
const OFFERED = 50;

interface IntoProps extends UploadProps {
  preview: UploadPreview | null;
  /** Whether it can be read as it is to be. */
  fits: boolean;
}

/** Which dataset gets the rows, and how. */
export function Into(props: IntoProps): JSX.Element {
  const { uploading, client, preview } = props;
  const state = useTold(uploading.changed, () => uploading.state);
  const [mode, choose] = useState<string>(NEW);
  const [name, call] = useState(() => suggested(state.file));
  const [key, mark] = useState<readonly string[]>([]);
  const id = useId();
  const refused = useRef<HTMLDivElement>(null);
  const fresh = mode === NEW;
  const { value } = useAnswer(signal => client.datasets({ limit: OFFERED, sort: '-updated' }, signal), [client]);
  const loading = state.step === 'loading';
  const zone = preview !== null && preview.zoneless.length > 0 && !state.read.time_zone;
  useEffect(() => void refused.current?.scrollIntoView({ block: 'nearest' }), [state.refusal]);

  const load = async () => {
    const chosen = KEYED.includes(mode) ? key.filter(one => preview!.columns.some(column => column.name === one)) : [];
    const made = await uploading.load({ dataset: name.trim(), mode: fresh ? null : (mode as Mode), key: [...chosen] });
    if (made !== null) {
      props.open(made);
    }
  };
  return (
    <form
      className="aw-Into"
      onSubmit={event => {
        event.preventDefault();
        void load();
      }}
    >
      {preview && (
        <>
          <h3>Load as</h3>
          <div className="aw-Fields">
            <Choice
              label="Rows are"
              value={mode}
              options={MODES.map(([one, said]) => [one, said])}
              pick={choose}
              hint={MODES.find(([one]) => one === mode)![2]}
            />
            <label htmlFor={id}>Dataset</label>
            <input
              id={id}
              className="aw-Input"
              required
              spellCheck={false}
              autoComplete="off"
              maxLength={200}
              list={fresh ? undefined : `${id}-there`}
              value={name}
              onChange={event => call(event.target.value)}
            />
            <datalist id={`${id}-there`}>
              {value?.items.map(one => <option key={one.name} value={one.name} />)}
            </datalist>
          </div>
          {KEYED.includes(mode) && (
            <fieldset className="aw-Key">
              <legend>Key</legend>
              {preview.columns.map(column => (
                <label key={column.name}>
                  <input
                    type="checkbox"
                    checked={key.includes(column.name)}
                    onChange={({ target }) => {
                      const others = key.filter(one => one !== column.name);
                      mark(target.checked ? [...others, column.name] : others);
                    }}
                  />
                  {column.name}
                </label>
              ))}
            </fieldset>
          )}
        </>
      )}
      <div ref={refused}>{state.refusal && <Mistake error={state.refusal} />}</div>
      {zone && <p className="aw-Hint">Choose a time zone above first.</p>}
      <div className="aw-Detail-actions">
        {preview && (
          <button
            type="submit"
            className="aw-Button aw-mod-accept"
            disabled={!props.fits || loading || zone || !name.trim()}
          >
            <span aria-live="polite">{loading ? 'Loading…' : 'Load'}</span>
          </button>
        )}
        <button type="button" className="aw-Button" disabled={loading} onClick={() => void uploading.cancel()}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** A name that a dataset may have, out of a file's. */
function suggested(file: string): string {
  const stem = file.replace(/(\.(csv|tsv|tab|txt|json|ndjson|jsonl|parquet|xlsx|gz|bz2|zst))+$/i, '');
  const name = stem.normalize('NFKD').replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[_-]+|[_-]+$/g, '').toLowerCase();
  return /^[a-z_]/.test(name) ? name : `data_${name}`.replace(/_$/, '');
}
