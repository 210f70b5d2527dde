/** A dashboard's page: connects to the kernel that ran its notebook, and shows what this left. */

import './page.css';
import { connect } from './kernel';
import { Manager } from './manager';
import { menusClose } from './menus';
import { notice } from './notice';
import { Packages, type Installed } from './packages';
import { render, type Bundle } from './render';

// A figure is drawn a moment after its widget is there.
const DRAWN = '#cells .wb-kpis, #cells svg, #cells table, #cells .output > :not(script, .wb-board)';
const MOST_WAIT = 3000;

function told<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? 'null') as T;
}

function unveil(): void {
  const shown = (): void => {
    watching.disconnect();
    document.body.classList.add('shown');
  };
  const watching = new MutationObserver(() => document.querySelector(DRAWN) && shown());
  watching.observe(document.body, { childList: true, subtree: true });
  setTimeout(shown, MOST_WAIT);
}

async function main(packages: Packages): Promise<void> {
  if (document.getElementById('broken')) return;
  const manager = new Manager(connect(told<string>('kernel')), packages);
  menusClose();
  await manager.load();
  unveil();
  for (const place of document.querySelectorAll<HTMLElement>('.output')) {
    const content = place.querySelector('script');
    if (content) await render(JSON.parse(content.text) as Bundle, place, manager);
  }
}

function begin(): void {
  main(packages).catch(error => {
    console.error(error);
    notice('This dashboard cannot be shown at the moment.');
  });
}

const packages = new Packages(told<Installed>('packages'), '/widgets');
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin, { once: true });
else begin();
