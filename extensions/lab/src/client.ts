import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import {
  DatasetDetail,
  DatasetList,
  DatasetsNamePreviewParameters,
  DatasetsNameVersionsParameters,
  DatasetsParameters,
  LoadUpload,
  Me,
  NewUpload,
  Preview,
  PreviewOf,
  Problem,
  UploadItem,
  UploadList,
  UploadPreview,
  VersionList
} from './api';

const BASE = 'workbench/api/v1';

/** What the server said is wrong, or what is wrong with how it answered. */
export class Refused extends Error {
  constructor(readonly problem: Pick<Problem, 'status' | 'code' | 'detail' | 'hint'>) {
    super(problem.detail);
  }

  /** Whether signing in is what is missing. */
  get signedOut(): boolean {
    return this.problem.status === 401;
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {
  constructor() {
    super('The server does not answer.');
  }
}

/** The asker lost interest; nobody needs to be told. */
export class Abandoned extends Error {}

/** The workbench's API at the server that this page came from. */
export class Client {
  constructor(readonly settings: ServerConnection.ISettings) {}

  datasets(query: DatasetsParameters, signal?: AbortSignal): Promise<DatasetList> {
    return this.ask('datasets', query, signal);
  }

  dataset(name: string, signal?: AbortSignal): Promise<DatasetDetail> {
    return this.ask(`datasets/${encodeURIComponent(name)}`, {}, signal);
  }

  preview(name: string, query: DatasetsNamePreviewParameters, signal?: AbortSignal): Promise<Preview> {
    return this.ask(`datasets/${encodeURIComponent(name)}/preview`, query, signal);
  }

  versions(name: string, query: DatasetsNameVersionsParameters, signal?: AbortSignal): Promise<VersionList> {
    return this.ask(`datasets/${encodeURIComponent(name)}/versions`, query, signal);
  }

  me(): Promise<Me> {
    return this.ask('me', {});
  }

  uploads(signal?: AbortSignal): Promise<UploadList> {
    return this.ask('uploads', {}, signal);
  }

  upload(id: string, signal?: AbortSignal): Promise<UploadItem> {
    return this.ask(`uploads/${id}`, {}, signal);
  }

  startUpload(body: NewUpload, signal?: AbortSignal): Promise<UploadItem> {
    return this.ask('uploads', {}, signal, said('POST', body));
  }

  /** Sends the piece of the file that begins at byte `offset`. */
  sendPiece(id: string, offset: number, piece: Blob, signal?: AbortSignal): Promise<UploadItem> {
    return this.ask(`uploads/${id}/content`, { offset }, signal, { method: 'PUT', body: piece });
  }

  previewUpload(id: string, body: PreviewOf, signal?: AbortSignal): Promise<UploadPreview> {
    return this.ask(`uploads/${id}/preview`, {}, signal, said('POST', body));
  }

  loadUpload(id: string, body: LoadUpload, signal?: AbortSignal): Promise<UploadItem> {
    return this.ask(`uploads/${id}/load`, {}, signal, said('POST', body));
  }

  cancelUpload(id: string): Promise<unknown> {
    return this.ask(`uploads/${id}`, {}, undefined, { method: 'DELETE' });
  }

  /** Where changes are told, from the one after number `since` on. */
  changesUrl(since: number | null): string {
    const token = this.settings.appendToken ? this.settings.token : '';
    const query = parameters({ since, token: token || null });
    return URLExt.join(this.settings.wsUrl, BASE, 'changes') + query;
  }

  private async ask<T>(path: string, query: object, signal?: AbortSignal, init: RequestInit = {}): Promise<T> {
    const url = URLExt.join(this.settings.baseUrl, BASE, path) + parameters(query);
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, { ...init, signal: signal ?? null }, this.settings);
    } catch {
      throw signal?.aborted ? new Abandoned() : new Unreachable();
    }
    let said: unknown;
    try {
      said = await response.json();
    } catch {
      if (signal?.aborted) {
        throw new Abandoned();
      }
    }
    if (response.ok && said !== undefined) {
      return said as T;
    }
    throw refusal(response, said);
  }
}

function said(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

function refusal(response: Response, said: unknown): Error {
  if (response.headers.get('Content-Type')?.startsWith('application/problem+json')) {
    return new Refused(said as Problem);
  }
  // What stands in front of a server that is just starting.
  if ([502, 503, 504].includes(response.status)) {
    return new Unreachable();
  }
  return new Refused({
    status: response.status,
    code: 'no_workbench',
    detail: 'This server has no workbench.',
    hint: 'Start JupyterLab with “workbench serve”, or from an environment with analytics-workbench.'
  });
}

function parameters(query: object): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') {
        given.append(name, String(one));
      }
    }
  }
  const text = given.toString();
  return text && `?${text}`;
}
