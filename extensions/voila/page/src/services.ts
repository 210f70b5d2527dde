/** All that a connection to a kernel needs of JupyterLab's services, and finds here in their place (build.mjs). */

export { CommsOverSubshells } from '@jupyterlab/services/lib/kernel/comm';
export { ServerConnection } from '@jupyterlab/services/lib/serverconnection';
