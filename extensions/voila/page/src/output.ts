/** The widget `Output`: what its kernel displays while it is told to catch it. */

import * as base from '@jupyter-widgets/base';
import type { KernelMessage } from '@jupyterlab/services';
import type { Manager } from './manager';
import { failed, printed, render, type Bundle } from './render';

interface Caught {
  output_type: string;
  text?: unknown;
  name?: string;
  data?: Bundle;
}

const SHOWN = ['stream', 'display_data', 'execute_result', 'error'];

export class OutputModel extends base.DOMWidgetModel {
  private hooked = '';
  private clearNext = false;

  override defaults(): Backbone.ObjectHash {
    return { ...super.defaults(), _model_module: '@jupyter-widgets/output', _model_name: 'OutputModel', msg_id: '', outputs: [] };
  }

  override initialize(attributes: Backbone.ObjectHash, options: never): void {
    super.initialize(attributes, options);
    this.listenTo(this, 'change:msg_id', this.hook);
    this.hook();
  }

  private readonly caught = (message: KernelMessage.IIOPubMessage): boolean => {
    const kind = message.header.msg_type;
    if (kind === 'clear_output') {
      if ((message.content as { wait?: boolean }).wait) this.clearNext = true;
      else this.put([]);
      return false;
    }
    if (!SHOWN.includes(kind)) return true;
    const before = this.clearNext ? [] : (this.get('outputs') as Caught[]);
    this.clearNext = false;
    this.put(joined(before, { output_type: kind, ...(message.content as object) }));
    return false;
  };

  private hook(): void {
    const { kernel } = this.widget_manager as unknown as Manager;
    if (this.hooked) kernel.removeMessageHook(this.hooked, this.caught);
    this.hooked = this.get('msg_id') as string;
    if (this.hooked) kernel.registerMessageHook(this.hooked, this.caught);
  }

  private put(outputs: Caught[]): void {
    this.set('outputs', outputs);
    this.save_changes();
  }
}

/** What is printed in pieces reads as one text. */
function joined(before: Caught[], next: Caught): Caught[] {
  const last = before.at(-1);
  if (next.output_type !== 'stream' || last?.output_type !== 'stream' || last.name !== next.name) return [...before, next];
  return [...before.slice(0, -1), { ...last, text: `${String(last.text)}${String(next.text)}` }];
}

export class OutputView extends base.DOMWidgetView {
  override render(): void {
    super.render();
    this.el.classList.add('jupyter-widgets', 'widget-output');
    this.listenTo(this.model, 'change:outputs', () => void this.draw());
    void this.draw();
  }

  private async draw(): Promise<void> {
    const manager = this.model.widget_manager as unknown as Manager;
    const shown = (this.model.get('outputs') as Caught[]).map(async one => {
      if (one.output_type === 'stream') return printed(one.text);
      if (one.output_type === 'error') return failed();
      const place = document.createElement('div');
      await render(one.data ?? {}, place, manager);
      return place;
    });
    this.el.replaceChildren(...(await Promise.all(shown)));
  }
}
