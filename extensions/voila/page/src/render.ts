/** What a cell or a callback displayed, as elements of the page. */

import type { Manager } from './manager';

/** A value by its media types, as a kernel sends it. */
export type Bundle = Record<string, unknown>;

const WIDGET = 'application/vnd.jupyter.widget-view+json';
const IMAGES = ['image/png', 'image/jpeg', 'image/gif'];

function text(content: unknown): string {
  return Array.isArray(content) ? content.join('') : String(content);
}

function element(name: string, className: string, content = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = content;
  return made;
}

/** Shows the richest form that a page knows of a value. What the notebook wrote as HTML is its author's. */
export async function render(data: Bundle, place: HTMLElement, manager: Manager): Promise<void> {
  const widget = data[WIDGET] as { model_id: string } | undefined;
  if (widget) {
    await manager.show(widget.model_id, place);
    return;
  }
  const markup = data['text/html'] ?? data['image/svg+xml'];
  if (markup !== undefined) {
    place.innerHTML = text(markup);
    return;
  }
  const image = IMAGES.find(kind => kind in data);
  if (image) {
    const shown = document.createElement('img');
    shown.src = `data:${image};base64,${text(data[image])}`;
    shown.alt = text(data['text/plain'] ?? '');
    place.replaceChildren(shown);
  } else if ('text/markdown' in data || 'text/plain' in data) {
    place.replaceChildren(element('pre', 'output-text', text(data['text/markdown'] ?? data['text/plain'])));
  }
}

/** What was printed. */
export function printed(content: unknown): HTMLElement {
  return element('pre', 'output-text', text(content));
}

/** In the place of an error, which a viewer is not told: it is in the server's log. */
export function failed(): HTMLElement {
  const said = element('p', 'output-text', 'This could not be computed just now.');
  said.setAttribute('role', 'alert');
  return said;
}
