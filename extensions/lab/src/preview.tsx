import { Button, caretLeftIcon, caretRightIcon, LabIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import { DetailProps } from './detail';
import { useAnswer } from './hooks';
import { Notice, Problem, Skeleton } from './notice';
import { Rows } from './rows';
import { grouped } from './wording';

const PAGE = 50;

/** Some of the rows, page by page. */
export function PreviewGrid(props: DetailProps): JSX.Element {
  const { client, name, revision } = props;
  const [offset, go] = useState(0);
  const { value, error, loading } = useAnswer(
    signal => client.preview(name, { offset, limit: PAGE }, signal),
    [client, name, revision, offset]
  );
  if (error) {
    return <Problem error={error} again={props.again} />;
  }
  if (value === null) {
    return <Skeleton rows={8} />;
  }
  if (value.total === 0) {
    return <Notice title="No rows." hint="There are none, or none that you may see." />;
  }
  const last = value.offset + value.rows.length;
  return (
    <>
      <div className="aw-Grid" role="region" aria-label="Rows" aria-busy={loading} tabIndex={0}>
        <Rows columns={value.columns} rows={value.rows} first={value.offset} />
      </div>
      <div className="aw-Pages">
        <span role="status">
          {grouped(value.offset + 1)}–{grouped(last)} of {grouped(value.total)}
        </span>
        <Button small minimal aria-label="Page before" title="Page before" disabled={offset === 0} onClick={() => go(Math.max(0, offset - PAGE))}>
          <LabIcon.resolveReact icon={caretLeftIcon} tag="span" />
        </Button>
        <Button small minimal aria-label="Next page" title="Next page" disabled={last >= value.total} onClick={() => go(offset + PAGE)}>
          <LabIcon.resolveReact icon={caretRightIcon} tag="span" />
        </Button>
      </div>
    </>
  );
}
