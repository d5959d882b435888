import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { endingOf } from './ending.ts';
import { messageBody, type MessageHead } from './head.ts';
import { newMessageId } from './ids.ts';
import { signatureOf } from './signature.ts';

/** Gathers a message that is not streamed. */
export class MessageEncoder implements ResponseEncoder {
  readonly #head: MessageHead;
  readonly #content: Json[] = [];
  #kind: 'text' | 'thinking' | undefined;
  #said = '';
  /** The message, once its end has come. */
  message: Json | undefined;

  constructor(head: MessageHead) {
    this.#head = head;
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text' || event.kind === 'thinking') this.#emit(event.kind, event.text);
    else if (event.kind === 'tool-call') {
      this.#close();
      this.#content.push({
        type: 'tool_use',
        id: newMessageId('toolu'),
        name: event.call.name,
        input: event.call.arguments,
        caller: { type: 'direct' },
      });
    } else if (event.kind === 'end') {
      this.#close();
      this.message = messageBody(this.#head, this.#content, endingOf(event, this.#head.maxTokens), event.usage);
    }
    return '';
  }

  #emit(kind: 'text' | 'thinking', text: string): void {
    if (kind === 'thinking' && this.#head.thinking === 'none') return;
    if (kind !== this.#kind) this.#close();
    this.#kind = kind;
    this.#said += text;
  }

  #close(): void {
    const shown = this.#head.thinking === 'shown';
    if (this.#kind === 'text') this.#content.push({ type: 'text', text: this.#said, citations: null });
    else if (this.#kind === 'thinking')
      this.#content.push({
        type: 'thinking',
        thinking: shown ? this.#said : '',
        signature: signatureOf(this.#said, shown),
      });
    this.#kind = undefined;
    this.#said = '';
  }
}
