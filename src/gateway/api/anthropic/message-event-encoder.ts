import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { messageStopOf } from './message-stop.ts';
import { messageEventText } from './event-text.ts';
import { messageBody, type MessageHead } from './message-body.ts';
import { newMessageId } from './ids.ts';
import { signatureOf } from './signature.ts';
import { deltaUsage } from './usage.ts';

const NO_USAGE = { promptTokens: 0, completionTokens: 0 };

/**
 * Encodes a message as a stream: `message_start`, the content blocks one after the other, `message_delta` with the stop reason,
 * `message_stop`.
 */
export class MessageEventEncoder implements ResponseEncoder {
  readonly #head: MessageHead;
  #started = false;
  /** The number of blocks so far. */
  #blocks = 0;
  #kind: 'text' | 'thinking' | undefined;
  /** The text of a delta of the open block, up to the delta's value. */
  #deltaPrefix = '';
  /** The thinking in the open block. */
  #thinking = '';

  constructor(head: MessageHead) {
    this.#head = head;
  }

  encode(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#switchBlock('text') + this.#textDelta(event.text);
      case 'thinking':
        return this.#thinkingText(event.text);
      case 'tool-call':
        return this.#closeBlock() + this.#call(event.call);
      case 'end':
        return (
          this.#start() +
          this.#closeBlock() +
          messageEventText(deltaOf(event, this.#head.maxTokens)) +
          messageEventText({ type: 'message_stop' })
        );
      case 'verbatim':
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  #thinkingText(text: string): string {
    if (this.#head.thinking === 'none') return '';
    const opened = this.#switchBlock('thinking');
    this.#thinking += text;
    return this.#head.thinking === 'shown' ? opened + this.#textDelta(text) : opened;
  }

  #start(): string {
    if (this.#started) return '';
    this.#started = true;
    // The number of prompt tokens is known only at the end, so `message_delta` carries it.
    return messageEventText({ type: 'message_start', message: messageBody(this.#head, [], undefined, NO_USAGE) });
  }

  #switchBlock(kind: 'text' | 'thinking'): string {
    if (this.#kind === kind) return '';
    const closed = this.#closeBlock();
    const opened = this.#startBlock(
      kind === 'text' ? { type: 'text', text: '', citations: null } : { type: 'thinking', thinking: '', signature: '' },
    );
    const index = String(this.#blocks - 1);
    this.#kind = kind;
    this.#deltaPrefix = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${kind}_delta","${kind}":`;
    return closed + opened;
  }

  #startBlock(block: Json): string {
    const started = this.#start();
    const index = this.#blocks;
    this.#blocks += 1;
    return (
      started +
      messageEventText({ type: 'content_block_start', index, content_block: block }) +
      (index === 0 ? messageEventText({ type: 'ping' }) : '')
    );
  }

  #textDelta(text: string): string {
    return `${this.#deltaPrefix}${JSON.stringify(text)}}}\n\n`;
  }

  #call({ name, arguments: input }: ToolCall): string {
    const opened = this.#startBlock({
      type: 'tool_use',
      id: newMessageId('toolu'),
      name,
      input: {},
      caller: { type: 'direct' },
    });
    return (
      opened + this.#blockDelta({ type: 'input_json_delta', partial_json: JSON.stringify(input) }) + this.#stopBlock()
    );
  }

  #closeBlock(): string {
    const kind = this.#kind;
    this.#kind = undefined;
    if (kind === undefined) return '';
    if (kind === 'text') return this.#stopBlock();
    const signature = signatureOf(this.#thinking, this.#head.thinking === 'shown');
    this.#thinking = '';
    return this.#blockDelta({ type: 'signature_delta', signature }) + this.#stopBlock();
  }

  #blockDelta(delta: Json): string {
    return messageEventText({ type: 'content_block_delta', index: this.#blocks - 1, delta });
  }

  #stopBlock(): string {
    return messageEventText({ type: 'content_block_stop', index: this.#blocks - 1 });
  }
}

function deltaOf(
  end: Extract<ServerEvent, { kind: 'end' }>,
  maxTokens: number,
): Json & { readonly type: 'message_delta' } {
  return {
    type: 'message_delta',
    delta: { ...messageStopOf(end, maxTokens), container: null },
    usage: deltaUsage(end.usage),
  };
}
