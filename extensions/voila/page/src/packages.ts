/**
 * Where the classes of widgets come from: this page has the usual ones, and Python packages bring theirs, as they bring
 * them to JupyterLab: by module federation, sharing the classes that this page has already.
 */

import * as base from '@jupyter-widgets/base';
import basePackage from '@jupyter-widgets/base/package.json';
import * as controls from '@jupyter-widgets/controls';
import controlsPackage from '@jupyter-widgets/controls/package.json';
import * as messaging from '@lumino/messaging';
import messagingPackage from '@lumino/messaging/package.json';
import * as lumino from '@lumino/widgets';
import luminoPackage from '@lumino/widgets/package.json';
import * as output from './output';

/** How a package is loaded, as its own `package.json` says. */
interface Extension {
  name: string;
  load: string;
  extension: string;
}

/** What there is.
 *
 * @property parts - The address of what pages usually need of the packages, in one script; null where nobody knows yet.
 */
export interface Installed {
  packages: Extension[];
  parts: string | null;
}

type Classes = Record<string, unknown>;
type Shared = Record<string, Record<string, { get: () => Promise<() => unknown>; from: string; loaded: 1 }>>;

interface Container {
  init(shared: Shared): Promise<void> | void;
  get(module: string): Promise<() => { default: Plugin | Plugin[] }>;
}

interface Plugin {
  requires?: unknown[];
  activate(app: null, registry: Pick<base.IJupyterWidgetRegistry, 'registerWidget'>): unknown;
}

declare global {
  interface Window {
    _JUPYTERLAB?: Record<string, Container>;
  }
}

const OWN: Record<string, Classes> = {
  '@jupyter-widgets/base': base as unknown as Classes,
  '@jupyter-widgets/controls': controls as unknown as Classes,
  '@jupyter-widgets/output': output as unknown as Classes
};

function shared(): Shared {
  const modules: [{ name: string; version: string }, unknown][] = [
    [basePackage, base],
    [controlsPackage, controls],
    [messagingPackage, messaging],
    [luminoPackage, lumino]
  ];
  return Object.fromEntries(
    modules.map(([about, module]) => [
      about.name,
      { [about.version]: { get: async () => () => module, from: 'dashboard', loaded: 1 } }
    ])
  );
}

export class Packages {
  private readonly registered = new Map<string, base.IWidgetRegistryData>();
  private readonly opened: Promise<void>;

  /** Begins to load what other packages bring.
   *
   * @param url - Below which each has a folder.
   */
  constructor(
    private readonly installed: Installed,
    private readonly url: string
  ) {
    this.opened = this.open();
    this.opened.catch(error => console.error(error));
  }

  /** The classes of a package's widgets.
   *
   * @throws Error - Nobody brings that package.
   */
  async classes(name: string, version: string): Promise<Classes> {
    const own = OWN[name];
    if (own) return own;
    await this.opened;
    const found = this.registered.get(name);
    if (!found) throw new Error(`No installed package brings the widgets of ${name} ${version}`);
    return (typeof found.exports === 'function' ? await found.exports() : await found.exports) as Classes;
  }

  private async open(): Promise<void> {
    const { packages, parts } = this.installed;
    // A package that finds a part there does not ask for it.
    await Promise.all([
      ...(parts ? [script(parts)] : []),
      ...packages.map(one => script(`${this.url}/${one.name}/${one.load}`))
    ]);
    const containers = packages.flatMap(one => {
      const container = window._JUPYTERLAB?.[one.name];
      return container ? [{ container, extension: one.extension }] : [];
    });
    // All of them share before any is asked: some take classes of another.
    const offered = shared();
    for (const { container } of containers) await container.init(offered);
    await Promise.all(containers.map(({ container, extension }) => this.register(container, extension)));
  }

  /** Has an extension register its widgets. What would need more of JupyterLab than that is left out. */
  private async register(container: Container, extension: string): Promise<void> {
    const brought = (await container.get(extension))().default;
    for (const plugin of Array.isArray(brought) ? brought : [brought]) {
      const [needed, ...more] = plugin.requires ?? [];
      if (needed !== base.IJupyterWidgetRegistry || more.length) continue;
      plugin.activate(null, { registerWidget: data => void this.registered.set(data.name, data) });
    }
  }
}

function script(source: string): Promise<void> {
  return new Promise((done, fail) => {
    const made = document.createElement('script');
    made.src = source;
    made.onload = () => done();
    made.onerror = () => fail(new Error(`${source} could not be loaded`));
    document.head.append(made);
  });
}
