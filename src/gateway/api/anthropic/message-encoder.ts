import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { messageStopOf } from './message-stop.ts';
import { messageBody, type MessageHead } from './message-body.ts';
import { newMessageId } from './ids.ts';
import { signatureOf } from './signature.ts';

/** Collects a message that is not streamed. */
export class MessageEncoder implements ResponseEncoder {
  readonly #head: MessageHead;
  readonly #content: Json[] = [];
  #kind: 'text' | 'thinking' | undefined;
  #text = '';
  /** The message; set after the `end` event. */
  message: Json | undefined;

  constructor(head: MessageHead) {
    this.#head = head;
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text' || event.kind === 'thinking') this.#addText(event.kind, event.text);
    else if (event.kind === 'tool-call') {
      this.#closeBlock();
      this.#content.push({
        type: 'tool_use',
        id: newMessageId('toolu'),
        name: event.call.name,
        input: event.call.arguments,
        caller: { type: 'direct' },
      });
    } else if (event.kind === 'end') {
      this.#closeBlock();
      this.message = messageBody(this.#head, this.#content, messageStopOf(event, this.#head.maxTokens), event.usage);
    }
    return '';
  }

  #addText(kind: 'text' | 'thinking', text: string): void {
    if (kind === 'thinking' && this.#head.thinking === 'none') return;
    if (kind !== this.#kind) this.#closeBlock();
    this.#kind = kind;
    this.#text += text;
  }

  #closeBlock(): void {
    const isShown = this.#head.thinking === 'shown';
    if (this.#kind === 'text') this.#content.push({ type: 'text', text: this.#text, citations: null });
    else if (this.#kind === 'thinking')
      this.#content.push({
        type: 'thinking',
        thinking: isShown ? this.#text : '',
        signature: signatureOf(this.#text, isShown),
      });
    this.#kind = undefined;
    this.#text = '';
  }
}
