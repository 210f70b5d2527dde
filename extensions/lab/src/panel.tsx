import { Button, fileUploadIcon, HTMLSelect, InputGroup, LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import React, { useEffect, useRef, useState } from 'react';

import { Client } from './client';
import { Actions, Detail } from './detail';
import { useDropping } from './dropping';
import { Change, Feed } from './feed';
import { useClock, useStill, useTold } from './hooks';
import { datasetsIcon } from './icons';
import { List, optionId } from './list';
import { Listing, Question } from './listing';
import { ConnectionBanner, Notice, Problem, Skeleton } from './notice';
import { Upload } from './upload';
import { Uploading } from './uploading';
import { counted, grouped } from './wording';

const LIST = 'aw-datasets';
/** So long nobody types before the server is asked. */
const STILL = 150;
/** So long changes are gathered before the list is asked for again. */
const GATHER = 300;
/** How far a page key goes in the list. */
const PAGE = 10;

const SORTS: [NonNullable<Question['sort']>, string][] = [
  ['name', 'By name'],
  ['-updated', 'Newest first'],
  ['-rows', 'Most rows first']
];

/** The panel in the left side bar. It asks nothing before it is first looked at. */
export class DatasetsPanel extends ReactWidget {
  constructor(
    private readonly client: Client,
    private readonly feed: Feed,
    private readonly actions: Actions
  ) {
    super();
    this.id = 'analytics-workbench-datasets';
    this.addClass('aw-Panel');
    this.title.icon = datasetsIcon;
    this.title.caption = 'Datasets';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Datasets');
  }

  override dispose(): void {
    this.feed.dispose();
    super.dispose();
  }

  protected override render(): JSX.Element | null {
    return this._wasSeen ? <Datasets client={this.client} feed={this.feed} actions={this.actions} /> : null;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.feed.start();
    if (!this._wasSeen) {
      this._wasSeen = true;
      this.update();
    }
  }

  protected override onActivateRequest(): void {
    // Drawn first, when this is what opened it.
    window.requestAnimationFrame(() => {
      const shown = [...this.node.querySelectorAll<HTMLElement>('input, .aw-mod-accept')];
      shown.find(one => one.offsetParent !== null)?.focus();
    });
  }

  private _wasSeen = false;
}

interface Props {
  client: Client;
  feed: Feed;
  actions: Actions;
}

function Datasets(props: Props): JSX.Element {
  const { client, feed, actions } = props;
  const [listing] = useState(() => new Listing(client));
  const [uploading] = useState(() => new Uploading(client));
  const [opened, open] = useState<string | null>(null);
  const [sending, send] = useState(false);
  const [revision, revise] = useState(0);
  const connection = useTold(feed.stateChanged, () => feed.state);
  useClock();

  const dropping = useDropping(files => {
    send(true);
    uploading.drop(files);
  });

  const again = () => {
    feed.retry();
    void listing.refresh();
    revise(count => count + 1);
  };

  useEffect(() => {
    let timer = 0;
    const hear = (_: Feed, change: Change) => {
      if (change.topic === 'dataset') {
        window.clearTimeout(timer);
        timer = window.setTimeout(again, GATHER);
      }
    };
    let lost = false;
    const reconnect = (_: Feed, state: string) => {
      if (state === 'open' && lost) {
        again();
      }
      lost = state !== 'open';
    };
    feed.changed.connect(hear);
    feed.stateChanged.connect(reconnect);
    return () => {
      window.clearTimeout(timer);
      feed.changed.disconnect(hear);
      feed.stateChanged.disconnect(reconnect);
    };
  }, [feed, listing]);

  return (
    <div className="aw-Datasets" {...dropping}>
      <ConnectionBanner connection={connection} retry={again} />
      <Browse
        listing={listing}
        uploading={uploading}
        actions={actions}
        hidden={sending || opened !== null}
        open={open}
        upload={() => send(true)}
        again={again}
      />
      {sending && (
        <Upload
          client={client}
          uploading={uploading}
          back={() => send(false)}
          open={dataset => {
            send(false);
            open(dataset);
          }}
        />
      )}
      {!sending && opened !== null && (
        <Detail
          key={opened}
          client={client}
          name={opened}
          revision={revision}
          actions={actions}
          back={() => open(null)}
          again={again}
        />
      )}
    </div>
  );
}

interface BrowseProps {
  listing: Listing;
  uploading: Uploading;
  actions: Actions;
  hidden: boolean;
  open: (name: string) => void;
  upload: () => void;
  again: () => void;
}

/** The search field, what narrows the list, and the list: one thing for the keyboard. */
function Browse(props: BrowseProps): JSX.Element {
  const { listing, actions, open } = props;
  const listed = useTold(listing.changed, () => listing.state);
  const [text, write] = useState('');
  const [owner, narrow] = useState('');
  const [sort, order] = useState(SORTS[0]![0]);
  const [active, activate] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const search = useStill(text.trim(), STILL);

  useEffect(() => {
    activate('');
    void listing.ask({ search, owner, sort });
  }, [listing, search, owner, sort]);
  useEffect(() => {
    if (!props.hidden) {
      input.current?.focus();
    }
  }, [props.hidden]);

  const { items } = listed;
  const at = Math.max(0, items.findIndex(item => item.name === active));
  const current = items[at];
  const move = (to: number) => activate(items[Math.min(Math.max(to, 0), items.length - 1)]?.name ?? '');
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    PageDown: () => move(at + PAGE),
    PageUp: () => move(at - PAGE),
    Escape: () => write('')
  };

  return (
    <div className="aw-Browse" hidden={props.hidden}>
      <div className="aw-Search">
        <InputGroup
          inputRef={input}
          type="text"
          role="combobox"
          aria-label="Search datasets"
          aria-autocomplete="list"
          aria-expanded={items.length > 0}
          aria-controls={LIST}
          aria-activedescendant={current && optionId(LIST, at)}
          placeholder="Search name, column, owner…"
          rightIcon="ui-components:search"
          spellCheck={false}
          autoComplete="off"
          maxLength={200}
          value={text}
          onChange={event => write(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && current) {
              event.preventDefault();
              event.ctrlKey || event.metaKey ? actions.insert(current.name) : open(current.name);
            } else if (keys[event.key] && !event.ctrlKey && !event.altKey && !event.metaKey) {
              event.preventDefault();
              event.stopPropagation();
              keys[event.key]!();
            }
          }}
        />
        <UploadButton uploading={props.uploading} upload={props.upload} />
      </div>
      <div className="aw-Narrow">
        <span role="status">{listed.answered && counted(listed.total, 'dataset')}</span>
        {(listed.owners.length > 1 || owner !== '') && (
          <HTMLSelect aria-label="Owner" value={owner} onChange={event => narrow(event.target.value)}>
            <option value="">All owners</option>
            {listed.owners.map(({ value, count }) => (
              <option key={value} value={value}>
                {value} ({grouped(count)})
              </option>
            ))}
          </HTMLSelect>
        )}
        <HTMLSelect aria-label="Order" value={sort} onChange={event => order(event.target.value as typeof sort)}>
          {SORTS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </HTMLSelect>
      </div>
      {listed.error && items.length === 0 ? (
        <Problem error={listed.error} again={props.again} />
      ) : !listed.answered && items.length === 0 ? (
        <Skeleton rows={8} />
      ) : items.length === 0 ? (
        <Nothing search={search} owner={owner} clear={() => (write(''), narrow(''))} startHere={actions.startHere} />
      ) : (
        <List
          id={LIST}
          items={items}
          total={listed.total}
          active={at}
          stale={listed.loading && !listed.answered}
          open={item => {
            activate(item.name);
            open(item.name);
          }}
          insert={item => actions.insert(item.name)}
          more={() => void listing.more()}
        />
      )}
    </div>
  );
}

/** Leads to the upload, and says how far it is while something else is looked at. */
function UploadButton(props: { uploading: Uploading; upload: () => void }): JSX.Element {
  const { uploading, upload } = props;
  const { step, received, size } = useTold(uploading.changed, () => uploading.state);
  const share = step === 'sending' ? `${Math.floor((100 * received) / size)} %` : step === 'choosing' ? '' : '…';
  const label = share ? `Back to the upload, ${share}` : 'Upload a file';
  return (
    <Button minimal className="aw-Search-upload" title={label} aria-label={label} onClick={upload}>
      <LabIcon.resolveReact icon={fileUploadIcon} tag="span" />
      {share && <span>{share}</span>}
    </Button>
  );
}

function Nothing(props: { search: string; owner: string; clear: () => void; startHere: () => void }): JSX.Element {
  if (props.search || props.owner) {
    const of = props.owner && ` of ${props.owner}`;
    return (
      <Notice
        title={props.search ? `No dataset${of} has “${props.search}”.` : `No dataset${of}.`}
        hint="Name, description, source, owner and columns are searched."
      >
        <button className="aw-Button" onClick={props.clear}>
          Show all
        </button>
      </Notice>
    );
  }
  return (
    <Notice title="No datasets yet." hint="A pipeline makes them, an uploaded file, or wb.datasets.create in a notebook.">
      <button className="aw-Button" onClick={props.startHere}>
        Start here
      </button>
    </Notice>
  );
}
