import React, { useEffect, useRef } from 'react';

import { HowToRead, UploadPreview } from './api';
import { Refused } from './client';
import { Columns } from './columns';
import { useTold } from './hooks';
import { Into } from './into';
import { Mistake, Problem, Skeleton } from './notice';
import { Rows } from './rows';
import { Reading } from './reading';
import { UploadProps } from './upload';
import { counted, size } from './wording';

/** What the file would be as a dataset, how else it may be read, and where it goes. */
export function Looking(props: UploadProps): JSX.Element {
  const { uploading } = props;
  const state = useTold(uploading.changed, () => uploading.state);
  const { preview, read, error, reading } = state;
  const refused = error instanceof Refused;
  const blamed = preview && error ? columnOf(error, preview, read) : null;
  const node = useRef<HTMLDivElement>(null);
  useEffect(() => node.current?.focus(), []);
  const again = (change: HowToRead) => void uploading.read({ ...read, ...change });

  return (
    <div ref={node} className="aw-View" tabIndex={-1} aria-busy={state.step === 'loading'}>
      <p className="aw-About aw-Quiet" role="status">
        {reading ? 'Reading the file…' : preview ? about(preview, state.size) : ''}
      </p>
      {refused && blamed === null && <Mistake error={error} />}
      {error && !refused && <Problem error={error} again={() => again({})} />}
      {(preview || refused) && <Reading preview={preview} read={read} file={state.file} again={again} />}
      {preview === null && reading && <Skeleton rows={6} />}
      {preview && (
        <>
          <Columns {...props} preview={preview} blamed={blamed} error={error} again={again} />
          <h3>First rows</h3>
          <div className="aw-Grid aw-mod-short" role="region" aria-label="First rows" aria-busy={reading} tabIndex={0}>
            <Rows columns={preview.columns} rows={preview.rows.slice(0, 20)} first={0} />
          </div>
        </>
      )}
      <Into {...props} fits={preview !== null && error === null && !reading} preview={preview} />
    </div>
  );
}

/** The column that was said to be of a type and is not. */
function columnOf(error: Error, preview: UploadPreview, read: HowToRead): string | null {
  const typed = preview.columns.filter(({ name }) => name in (read.types ?? {}));
  return typed.find(({ name }) => error.message.includes(`column '${name}'`))?.name ?? null;
}

function about(preview: UploadPreview, bytes: number): string {
  const format = { csv: 'CSV', json: 'JSON', ndjson: 'JSON lines', parquet: 'Parquet', xlsx: 'Excel' }[preview.format];
  const columns = counted(preview.columns.length, 'column');
  return [format ?? preview.format, counted(preview.total, 'row'), columns, size(bytes)].join(' · ');
}
