/** A dashboard's page: connects to the kernel that ran its notebook, and shows what this left. */

import { connect } from './kernel';
import { Manager } from './manager';
import { menusClose } from './menus';
import { notice } from './notice';
import { Packages, type Installed } from './packages';
import { render, type Bundle } from './render';

// A figure is drawn a moment after its widget is there.
const DRAWN = ['.wb-board .wb-kpis', '.wb-board svg', '.wb-board table', ':not(script, .prerendered, .wb-board)']
  .map(one => `.output > ${one}`)
  .join(', ');
const MOST_WAIT = 3000;
const PICTURE = '.prerendered .line';
const DRAWN_AS_PICTURED = '.output > .wb-board .bqplot .line[d]';
const MOST_WAIT_PICTURED = 15000;

function told<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T;
}

/** Shows the widgets in the place of the skeleton, or of the picture that the notebook left of them, once all of it is drawn. */
function unveil(): void {
  const pictured = document.querySelector(PICTURE) !== null;
  const shown = (): void => {
    watching.disconnect();
    document.body.classList.add('shown');
    for (const picture of document.querySelectorAll('.prerendered')) picture.remove();
  };
  const watching = new MutationObserver(() => document.querySelector(pictured ? DRAWN_AS_PICTURED : DRAWN) && shown());
  watching.observe(document.body, { attributeFilter: ['d'], childList: true, subtree: true });
  setTimeout(shown, pictured ? MOST_WAIT_PICTURED : MOST_WAIT);
}

/** Connects to the kernel and shows its widgets; says so where that cannot be done. */
export async function main(): Promise<void> {
  if (document.getElementById('broken')) return;
  try {
    const manager = new Manager(connect(told<string>('kernel')), new Packages(told<Installed>('packages'), '/widgets'));
    menusClose();
    await manager.load();
    unveil();
    for (const place of document.querySelectorAll<HTMLElement>('.output')) {
      const content = place.querySelector('script');
      if (content) await render(JSON.parse(content.text) as Bundle, place, manager);
    }
  } catch (error) {
    console.error(error);
    notice('This dashboard cannot be shown at the moment.');
  }
}
