import { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

const OPENED = /^[ \t]*(\w+)[ \t]*=[ \t]*(?:workbench\.)?(?:Workbench\.open|connect)\(/m;
const SETUP = 'from workbench import Workbench\nwb = Workbench.open()\n\n';
/** After one of these an expression goes on in the same line. */
const GOES_ON = /(?:^|[=(,[{:+\-*/%<>&|~]|\b(?:return|in|and|or|not|if|else|await|yield|lambda|assert|del))\s*$/;

/** What reads a dataset, by the name that the notebook has for the workbench. */
export function expression(workbench: string, dataset: string, version?: number): string {
  const at = version === undefined ? '' : `.at(${version})`;
  return `${workbench}.datasets[${JSON.stringify(dataset)}]${at}.to_polars()`;
}

/** The name that code gives an opened workbench; null when it opens none. */
export function workbenchIn(code: readonly string[]): string | null {
  return code.map(source => OPENED.exec(source)?.[1]).find(Boolean) ?? null;
}

/** What to put between the two parts of a line so that what stands there stays whole. */
export function fitted(text: string, before: string, after: string): string {
  const indent = /^\s*/.exec(before)![0];
  const begin = GOES_ON.test(before) ? '' : `\n${indent}`;
  const end = before.trim() === '' && after.trim() !== '' ? `\n${indent}` : '';
  return begin + text + end;
}

/** Puts the code that loads a dataset at the notebook's cursor, and what opens the workbench where it is not yet. */
export async function insertInto(panel: NotebookPanel, dataset: string, version?: number): Promise<void> {
  const notebook = panel.content;
  if (!(notebook.activeCell instanceof CodeCell)) {
    NotebookActions.insertBelow(notebook);
  }
  const cell = notebook.activeCell!;
  await cell.ready;
  // What stands further down has not run when the notebook is run from its top.
  const until = notebook.widgets.slice(0, notebook.activeCellIndex + 1).filter(one => one instanceof CodeCell);
  const known = workbenchIn(until.map(one => one.model.sharedModel.getSource()));
  const text = expression(known ?? 'wb', dataset, version);
  const editor = cell.editor;
  if (editor) {
    const { line, column } = editor.getCursorPosition();
    const current = editor.getLine(line) ?? '';
    editor.replaceSelection?.(fitted(text, current.slice(0, column), current.slice(column)));
  } else {
    cell.model.sharedModel.setSource(`${cell.model.sharedModel.getSource()}\n${text}`.trimStart());
  }
  if (known === null) {
    cell.model.sharedModel.updateSource(0, 0, SETUP);
  }
  notebook.mode = 'edit';
  cell.editor?.focus();
}
