import { LabIcon } from '@jupyterlab/ui-components';

/** Three layers of a store, the middle one found. */
export const datasetsIcon = new LabIcon({
  name: 'analytics-workbench:datasets',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <path d="M12 2.5c-4.7 0-8.5 1.6-8.5 3.6S7.3 9.7 12 9.7s8.5-1.6 8.5-3.6S16.7 2.500 12 2.5z"/>
    <path d="M3.5 9.200v3.100c0 2 3.800 3.6 8.5 3.6s8.5-1.6 8.5-3.6V9.200c-1.6 1.6-4.900 2.500-8.5 2.500s-6.900-.9-8.5-2.5z"/>
    <path d="M3.5 15.400v2.600c0 2 3.800 3.5 8.5 3.5s8.5-1.500 8.5-3.5v-2.600c-1.6 1.6-4.900 2.500-8.5 2.500s-6.900-.9-8.5-2.5z"/>
  </g>
</svg>`
});

/** A line of code that goes in. */
export const insertIcon = new LabIcon({
  name: 'analytics-workbench:insert',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 5h11v2H3zM3 17h11v2H3zM3 11h8v2H3z"/>
    <path d="M21 7v6h-4.2l1.800 1.800-1.400 1.400L13 12l4.2-4.2 1.400 1.400-1.800 1.800H19V7z"/>
  </g>
</svg>`
});
