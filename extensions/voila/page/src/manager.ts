/** Keeps the widgets of one kernel, and puts them on the page. */

import * as base from '@jupyter-widgets/base';
import { ManagerBase } from '@jupyter-widgets/base-manager';
import type { JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import DOMPurify from 'dompurify';
import { drawn } from './frame';
import type { Packages } from './packages';
import type { Kernel } from './kernel';

// What a label may hold, where its author says that it is HTML.
const INLINE = {
  ALLOWED_TAGS: ['a', 'abbr', 'b', 'code', 'em', 'i', 'img', 'li', 'ol', 'span', 'strong', 'ul'],
  ALLOWED_ATTR: ['class', 'href', 'src', 'style', 'title']
};

// Few dashboards have icons, and their style is as large as all the rest.
function icons(): void {
  if (document.getElementById('icons')) return;
  const sheet = document.createElement('link');
  Object.assign(sheet, { id: 'icons', rel: 'stylesheet', href: '/static/icons.css' });
  document.head.append(sheet);
}

export class Manager extends ManagerBase {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly kernel: Kernel,
    private readonly packages: Packages
  ) {
    super();
    kernel.registerCommTarget(this.comm_target_name, async (opened, message) => {
      await this.handle_comm_open(new base.shims.services.Comm(opened), message);
    });
  }

  /** Fetches every widget that the kernel has by now. */
  load(): Promise<void> {
    return this._loadFromKernel();
  }

  /** Shows a widget in an element of the page. */
  async show(id: string, place: HTMLElement): Promise<void> {
    const model = (await this.get_model(id)) as base.DOMWidgetModel;
    const view = await this.create_view(model);
    if (place.isConnected) Widget.attach(view.luminoWidget, place);
    else place.append(view.el);
  }

  override register_model(id: string, making: Promise<base.WidgetModel>): void {
    super.register_model(id, making);
    void making.then(model => {
      if (model.get('icon')) icons();
      model.once('change:icon', icons);
    });
  }

  /** Drawings come one after the other: the first, which is the one in view, does not wait for the last. */
  override create_view<V extends base.WidgetView = base.DOMWidgetView>(
    model: base.WidgetModel,
    options?: unknown
  ): Promise<V> {
    const make = (): Promise<V> => super.create_view<V>(model, options);
    if (model.name !== 'FigureModel') return make();
    const made = this.turn.then(make);
    this.turn = made.then(drawn, drawn);
    return made;
  }

  override inline_sanitize(source: string): string {
    return DOMPurify.sanitize(source, INLINE);
  }

  protected async loadClass(name: string, module: string, version: string): Promise<never> {
    const found = (await this.packages.classes(module, version))[name];
    if (!found) throw new Error(`The package ${module} has no widget ${name}`);
    return found as never;
  }

  protected async _create_comm(
    target: string,
    id?: string,
    data?: JSONObject,
    metadata?: JSONObject,
    buffers?: ArrayBuffer[] | ArrayBufferView[]
  ): Promise<base.IClassicComm> {
    const made = new base.shims.services.Comm(this.kernel.createComm(target, id));
    if (data || metadata) made.open(data ?? {}, undefined, metadata, buffers);
    return made;
  }

  protected async _get_comm_info(): Promise<Record<string, unknown>> {
    const reply = await this.kernel.requestCommInfo({ target_name: this.comm_target_name });
    return reply.content.status === 'ok' ? reply.content.comms : {};
  }
}
