/**
 * Where a dashboard's page begins: what came with it is painted first, and only then is everything else evaluated, which
 * takes longer.
 */

import './page.css';
import { drawn } from './frame';

async function begin(): Promise<void> {
  await drawn();
  const { main } = await import('./main');
  await main();
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => void begin(), { once: true });
else void begin();
