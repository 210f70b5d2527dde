import { Button, caretLeftIcon, fileUploadIcon, LabIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useRef } from 'react';

import { UploadItem } from './api';
import { Client } from './client';
import { useTold } from './hooks';
import { Looking } from './looking';
import { Mistake } from './notice';
import { Uploading } from './uploading';
import { size } from './wording';

export interface UploadProps {
  client: Client;
  uploading: Uploading;
  /** Back to the list; what is on its way goes on. */
  back: () => void;
  /** Shows what it became. */
  open: (dataset: string) => void;
}

/** A file of this machine becomes a dataset: chosen, sent, looked at, loaded. */
export function Upload(props: UploadProps): JSX.Element {
  const { uploading, back } = props;
  const state = useTold(uploading.changed, () => uploading.state);
  const { step } = state;
  return (
    <section
      className="aw-Detail aw-Upload"
      aria-labelledby="aw-upload"
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          back();
        }
      }}
    >
      <header>
        <div className="aw-Detail-title">
          <Button small minimal title="Back to the list (Escape)" aria-label="Back to the list" onClick={back}>
            <LabIcon.resolveReact icon={caretLeftIcon} tag="span" />
          </Button>
          <h2 id="aw-upload" title={state.file || undefined}>
            {step === 'choosing' ? 'Upload a file' : state.file}
          </h2>
        </div>
      </header>
      {step === 'choosing' ? (
        <Choosing {...props} />
      ) : step === 'sending' ? (
        <Sending {...props} />
      ) : (
        <Looking {...props} />
      )}
    </section>
  );
}

/** Where a file is chosen or dropped; anywhere in the panel will do for dropping. */
function Choosing(props: UploadProps): JSX.Element {
  const { uploading } = props;
  const { error, unfinished } = useTold(uploading.changed, () => uploading.state);
  const input = useRef<HTMLInputElement>(null);
  const rest = useRef<UploadItem>();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    button.current?.focus();
    void uploading.look();
  }, [uploading]);
  const choose = (of?: UploadItem) => {
    rest.current = of;
    input.current!.click();
  };
  return (
    <div className="aw-View">
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File"
        onChange={event => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file) {
            void uploading.take(file, rest.current);
          }
        }}
      />
      <div className="aw-Drop">
        <LabIcon.resolveReact icon={fileUploadIcon} tag="span" aria-hidden="true" />
        <p>Drop a file here, or</p>
        <button ref={button} className="aw-Button aw-mod-accept" onClick={() => choose()}>
          Choose a file
        </button>
        <p className="aw-Quiet">CSV, TSV, JSON, Parquet or Excel (.xlsx)</p>
      </div>
      {error && <Mistake error={error} />}
      {unfinished.length > 0 && (
        <>
          <h3 id="aw-unfinished">Not loaded yet</h3>
          <ul className="aw-Unfinished" aria-labelledby="aw-unfinished">
            {unfinished.map(one => (
              <li key={one.id}>
                <span title={one.file}>{one.file}</span>
                <span className="aw-Quiet">
                  {one.state === 'received' ? size(one.size) : `${size(one.received)} of ${size(one.size)}`}
                </span>
                <button
                  className="aw-Button"
                  aria-label={`Go on with ${one.file}`}
                  title={one.state === 'received' ? undefined : 'Choose the same file again'}
                  onClick={() => (one.state === 'received' ? void uploading.goOn(one) : choose(one))}
                >
                  Go on
                </button>
                <button
                  className="aw-Button"
                  aria-label={`Discard ${one.file}`}
                  onClick={() => void uploading.forget(one.id)}
                >
                  Discard
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** How much of it has arrived. */
function Sending(props: UploadProps): JSX.Element {
  const { uploading } = props;
  const state = useTold(uploading.changed, () => uploading.state);
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => cancel.current?.focus(), []);
  const share = state.size > 0 ? Math.floor((100 * state.received) / state.size) : 0;
  return (
    <div className="aw-Form">
      <progress aria-label={`Sending ${state.file}`} max={100} value={share} data-answering={state.answering} />
      <p className="aw-Quiet">
        {size(state.received)} of {size(state.size)} · {share} %
      </p>
      {/* Told in quarters, so that who listens is not told of every piece. */}
      <p className="aw-Heard" role="status">
        {share - (share % 25)} % sent
      </p>
      {!state.answering && (
        <div role="alert" className="aw-Mistake">
          Sending goes on by itself when the server answers.
        </div>
      )}
      <div className="aw-Detail-actions">
        <button ref={cancel} className="aw-Button" onClick={() => void uploading.cancel()}>
          Cancel
        </button>
      </div>
    </div>
  );
}
