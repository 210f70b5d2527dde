// Builds the page's script and style into the Python package that serves them.

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

// Of JupyterLab's services the page needs one, its connection to a kernel, which asks for all of them as "..".
const onlyKernels = {
  name: 'only-kernels',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.$/ }, ({ importer }) =>
      /@jupyterlab\/services\/lib\/kernel\//.test(importer.replaceAll('\\', '/'))
        ? { path: fileURLToPath(new URL('src/services.ts', import.meta.url)) }
        : undefined
    );
  }
};

await build({
  entryPoints: { page: 'src/index.ts', icons: 'src/icons.css' },
  outdir: '../workbench_voila/static',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  // The manager's own sanitizer is a parser of CSS and HTML for servers; `Manager` uses that of browsers.
  alias: { 'sanitize-html': './src/nothing.ts' },
  external: ['*.ttf'],
  loader: { '.woff2': 'file' },
  plugins: [onlyKernels]
});
