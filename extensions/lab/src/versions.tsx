import { Button, LabIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';

import { DetailProps } from './detail';
import { useAnswer } from './hooks';
import { insertIcon } from './icons';
import { Problem, Skeleton } from './notice';
import { ago, exactly } from './wording';

const PAGE = 50;
/** The most that the server gives at once. */
const MOST = 500;

/** Who changed it when, newest first, and what that did; each can be loaded as it was. */
export function Versions(props: DetailProps): JSX.Element {
  const { client, name, revision, actions } = props;
  const [limit, want] = useState(PAGE);
  const { value, error } = useAnswer(
    signal => client.versions(name, { limit }, signal),
    [client, name, revision, limit]
  );
  if (error) {
    return <Problem error={error} again={props.again} />;
  }
  if (value === null) {
    return <Skeleton rows={6} />;
  }
  return (
    <>
      <ol className="aw-Versions">
        {value.items.map(version => (
          <li key={version.number}>
            <span className="aw-Versions-number">{version.number}</span>
            <span className="aw-Versions-what">
              {version.operation} <span className="aw-Versions-effect">{version.told}</span>
            </span>
            <span className="aw-Versions-who">
              <span title={exactly(version.time)}>{ago(version.time)}</span> by {version.principal}
            </span>
            <Button
              small
              minimal
              title={`Insert code to load version ${version.number}`}
              aria-label={`Insert code to load version ${version.number}`}
              onClick={() => actions.insert(name, version.number)}
            >
              <LabIcon.resolveReact icon={insertIcon} tag="span" />
            </Button>
          </li>
        ))}
      </ol>
      {value.next !== null && limit < MOST && (
        <button className="aw-Button aw-More" onClick={() => want(Math.min(limit * 3, MOST))}>
          Earlier versions
        </button>
      )}
    </>
  );
}
