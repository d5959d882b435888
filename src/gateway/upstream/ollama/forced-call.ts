import { newCallId } from '../call-id.ts';
import { isObject, parseObject, textOf } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** Collects the text of a response that must be a call, for models whose template does not recognise a call by its JSON. */
export class ForcedCall {
  #text = '';

  take(text: string): void {
    this.#text += text;
  }

  /** The text, if it is no call: the response was cut off. */
  get text(): string {
    return this.#text;
  }

  /** The call, if it is complete. */
  call(): ToolCall | undefined {
    const json = parseObject(this.#text);
    const given = json?.['arguments'];
    return json === undefined || !isObject(given)
      ? undefined
      : { id: newCallId(), name: textOf(json, 'name'), arguments: given };
  }
}
