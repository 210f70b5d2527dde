/** The page's way to its kernel, which ends with the page. */

import { KernelConnection } from '@jupyterlab/services/lib/kernel/default';
import { ServerConnection } from '@jupyterlab/services/lib/serverconnection';
import { notice } from './notice';

export type Kernel = KernelConnection;

/** Connects, and says when the connection is lost, is there again, or is gone for good. */
export function connect(id: string): Kernel {
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: `${location.origin}/`,
    wsUrl: `${location.origin.replace(/^http/, 'ws')}/`,
    token: ''
  });
  const kernel = new KernelConnection({ model: { id, name: 'python3' }, serverSettings });
  let connected = false;
  let leaving = false;
  kernel.connectionStatusChanged.connect((_, status) => {
    if (leaving) return;
    if (status === 'connected') notice('');
    else if (status === 'disconnected') notice('The connection was lost.');
    else if (connected) notice('The connection was lost. Trying again …');
    connected ||= status === 'connected';
  });
  kernel.statusChanged.connect((_, status) => {
    if (status === 'dead' && !leaving) notice('This page is no longer connected.');
  });
  window.addEventListener('pagehide', () => {
    leaving = true;
    navigator.sendBeacon(`/voila/api/shutdown/${id}`);
  });
  // A page that comes back as it was left has lost its kernel.
  window.addEventListener('pageshow', event => event.persisted && location.reload());
  return kernel;
}
