import { isObject, parseObject, textOf } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** Gathers the text of an answer that had to be a call, for models whose template does not know a call by its JSON. */
export class ForcedCall {
  #text = '';

  take(text: string): void {
    this.#text += text;
  }

  /** What was said, where it is no call: an answer that was cut off. */
  get text(): string {
    return this.#text;
  }

  /** The call, if it is whole. */
  call(): ToolCall | undefined {
    const json = parseObject(this.#text);
    const given = json?.['arguments'];
    return json === undefined || !isObject(given)
      ? undefined
      : { id: newCallId(), name: textOf(json, 'name'), arguments: given };
  }
}

/** An id for a call that has none. */
export function newCallId(): string {
  return `call_${crypto.randomUUID().replaceAll('-', '')}`;
}
