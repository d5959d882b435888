import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { endingOf } from './ending.ts';
import { messageEventText } from './event-text.ts';
import { messageBody, type MessageHead } from './head.ts';
import { newMessageId } from './ids.ts';
import { signatureOf } from './signature.ts';
import { deltaUsage } from './usage.ts';

const NOBODY_COUNTED = { promptTokens: 0, completionTokens: 0 };

/** Writes a message as a stream: its beginning, its blocks one after the other, why it ended, its end. */
export class MessageEventEncoder implements ResponseEncoder {
  readonly #head: MessageHead;
  #begun = false;
  /** Blocks so far. */
  #blocks = 0;
  #kind: 'text' | 'thinking' | undefined;
  /** What a delta of the block begins with. */
  #opening = '';
  /** What was thought in it. */
  #thought = '';

  constructor(head: MessageHead) {
    this.#head = head;
  }

  encode(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#in('text') + this.#delta(event.text);
      case 'thinking':
        return this.#think(event.text);
      case 'tool-call':
        return this.#close() + this.#call(event.call);
      case 'end':
        return (
          this.#begin() +
          this.#close() +
          messageEventText(deltaOf(event, this.#head.maxTokens)) +
          messageEventText({ type: 'message_stop' })
        );
      case 'verbatim':
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  #think(text: string): string {
    if (this.#head.thinking === 'none') return '';
    const opened = this.#in('thinking');
    this.#thought += text;
    return this.#head.thinking === 'shown' ? opened + this.#delta(text) : opened;
  }

  #begin(): string {
    if (this.#begun) return '';
    this.#begun = true;
    // What the prompt takes is known at the end, and told there.
    return messageEventText({ type: 'message_start', message: messageBody(this.#head, [], undefined, NOBODY_COUNTED) });
  }

  #in(kind: 'text' | 'thinking'): string {
    if (this.#kind === kind) return '';
    const closed = this.#close();
    const opened = this.#open(
      kind === 'text' ? { type: 'text', text: '', citations: null } : { type: 'thinking', thinking: '', signature: '' },
    );
    const index = String(this.#blocks - 1);
    this.#kind = kind;
    this.#opening = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${kind}_delta","${kind}":`;
    return closed + opened;
  }

  #open(block: Json): string {
    const begun = this.#begin();
    const index = this.#blocks;
    this.#blocks += 1;
    return (
      begun +
      messageEventText({ type: 'content_block_start', index, content_block: block }) +
      (index === 0 ? messageEventText({ type: 'ping' }) : '')
    );
  }

  #delta(text: string): string {
    return `${this.#opening}${JSON.stringify(text)}}}\n\n`;
  }

  #call({ name, arguments: input }: ToolCall): string {
    const opened = this.#open({
      type: 'tool_use',
      id: newMessageId('toolu'),
      name,
      input: {},
      caller: { type: 'direct' },
    });
    return opened + this.#blockDelta({ type: 'input_json_delta', partial_json: JSON.stringify(input) }) + this.#stop();
  }

  #close(): string {
    const kind = this.#kind;
    this.#kind = undefined;
    if (kind === undefined) return '';
    if (kind === 'text') return this.#stop();
    const signature = signatureOf(this.#thought, this.#head.thinking === 'shown');
    this.#thought = '';
    return this.#blockDelta({ type: 'signature_delta', signature }) + this.#stop();
  }

  #blockDelta(delta: Json): string {
    return messageEventText({ type: 'content_block_delta', index: this.#blocks - 1, delta });
  }

  #stop(): string {
    return messageEventText({ type: 'content_block_stop', index: this.#blocks - 1 });
  }
}

function deltaOf(
  end: Extract<ServerEvent, { kind: 'end' }>,
  maxTokens: number,
): Json & { readonly type: 'message_delta' } {
  return {
    type: 'message_delta',
    delta: { ...endingOf(end, maxTokens), container: null },
    usage: deltaUsage(end.usage),
  };
}
