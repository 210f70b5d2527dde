import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { launchIcon, notebookIcon } from '@jupyterlab/ui-components';
import { MessageLoop } from '@lumino/messaging';

import { Client } from './client';
import { Feed } from './feed';
import { datasetsIcon } from './icons';
import { insertInto } from './insertion';
import { DatasetsPanel } from './panel';

const CATEGORY = 'Workbench';
/** So long a notification is seen, in milliseconds. */
const SHOWN = 8000;
const START_HERE = 'notebooks/start-here.ipynb';

namespace CommandIDs {
  export const datasets = 'analytics-workbench:datasets';
  export const insert = 'analytics-workbench:insert-dataset';
  export const startHere = 'analytics-workbench:start-here';
  export const pages = 'analytics-workbench:pages';
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@analytics-workbench/lab:datasets',
  description: 'Datasets in the left side bar: found, looked at, loaded into the notebook.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const { commands, serviceManager, shell } = app;
    const client = new Client(serviceManager.serverSettings);
    const panel = new DatasetsPanel(client, new Feed(client), {
      insert: (dataset, version) => void commands.execute(CommandIDs.insert, { dataset, version: version ?? null }),
      copy: text => Clipboard.copyToSystem(text),
      startHere: () => void commands.execute(CommandIDs.startHere)
    });
    shell.add(panel, 'left', { rank: 300, type: 'Datasets' });
    restorer?.add(panel, panel.id);

    commands.addCommand(CommandIDs.datasets, {
      label: 'Datasets',
      caption: 'Find a dataset and load it',
      icon: datasetsIcon,
      execute: () => shell.activateById(panel.id)
    });
    commands.addCommand(CommandIDs.startHere, {
      label: 'Start here',
      caption: 'From a dataset to a report in eight cells',
      icon: notebookIcon,
      execute: async () => {
        try {
          await serviceManager.contents.get(START_HERE, { content: false });
        } catch {
          const said = `There is no ${START_HERE} in this folder. “workbench demo” makes one.`;
          Notification.error(said, { autoClose: SHOWN });
          return;
        }
        await commands.execute('docmanager:open', { path: START_HERE, factory: 'Notebook' });
      }
    });
    commands.addCommand(CommandIDs.pages, {
      label: 'Reports and Dashboards',
      caption: 'Rendered reports, dashboards and the API, in a tab of the browser',
      icon: launchIcon,
      execute: () => {
        window.open(new URL('workbench', serviceManager.serverSettings.baseUrl), '_blank', 'noopener');
      }
    });
    commands.addCommand(CommandIDs.insert, {
      label: 'Insert Code to Load a Dataset',
      execute: async args => {
        const dataset = String(args['dataset']);
        const version = typeof args['version'] === 'number' ? args['version'] : undefined;
        const notebook = notebooks.currentWidget ?? (await newNotebook());
        shell.activateById(notebook.id);
        // It takes the focus now, and not after the cell was given it.
        MessageLoop.flush();
        await insertInto(notebook, dataset, version);
      }
    });

    async function newNotebook(): Promise<NotebookPanel> {
      const kernelName = serviceManager.kernelspecs.specs?.default ?? 'python3';
      const made: NotebookPanel = await commands.execute('notebook:create-new', { kernelName });
      await made.context.ready;
      await made.revealed;
      return made;
    }

    for (const command of [CommandIDs.datasets, CommandIDs.startHere, CommandIDs.pages]) {
      palette?.addItem({ command, category: CATEGORY });
      launcher?.add({ command, category: CATEGORY });
    }
  }
};

export default plugin;
