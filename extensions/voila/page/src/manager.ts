/** Keeps the widgets of one kernel, and puts them on the page. */

import * as base from '@jupyter-widgets/base';
import { ManagerBase } from '@jupyter-widgets/base-manager';
import type { JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import type { Packages } from './packages';
import type { Kernel } from './kernel';

export class Manager extends ManagerBase {
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
