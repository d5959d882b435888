import type { Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';
import type { Message, ToolCall } from '../../exchange.ts';
import { readShown, type Shown } from './content.ts';
import { thoughtOf } from './signature.ts';

/** What is known of a conversation besides the message that is read. */
export interface Surroundings {
  /** Of the tools that were called, by the ids of the calls. */
  readonly names: Map<string, string>;
  readonly ignoredParams: Set<string>;
}

/** One message, block by block: the answers of tools that are in it become messages of their own, in their places. */
export class Turn {
  readonly #body: Body;
  readonly #role: 'user' | 'assistant';
  readonly #around: Surroundings;
  readonly #messages: Message[] = [];
  #shown: Shown = { texts: [], images: [] };
  readonly #thoughts: string[] = [];
  readonly #calls: ToolCall[] = [];

  constructor(body: Body, role: 'user' | 'assistant', around: Surroundings) {
    this.#body = body;
    this.#role = role;
    this.#around = around;
  }

  /** Plain words. */
  say(text: string): void {
    this.#shown.texts.push(text);
  }

  /** A block. */
  take(block: unknown, at: string): void {
    const json: Json = isObject(block) ? block : {};
    const { type } = json;
    if (this.#role === 'assistant' && type === 'thinking') this.#think(json);
    else if (this.#role === 'assistant' && type === 'redacted_thinking')
      this.#around.ignoredParams.add('redacted_thinking');
    else if (this.#role === 'assistant' && type === 'tool_use') this.#call(json, at);
    else if (this.#role === 'user' && type === 'tool_result') this.#answer(json, at);
    else readShown(this.#body, block, at, this.#shown, this.#around.ignoredParams);
  }

  /** The messages that it comes to; at least one. */
  messages(): readonly Message[] {
    const { texts, images } = this.#shown;
    if (
      texts.length > 0 ||
      images.length > 0 ||
      this.#calls.length > 0 ||
      this.#thoughts.length > 0 ||
      this.#messages.length === 0
    )
      this.#flush();
    return this.#messages;
  }

  #flush(): void {
    const { texts, images } = this.#shown;
    const thinking = this.#thoughts.length === 0 ? undefined : this.#thoughts.join('\n');
    this.#messages.push({
      role: this.#role,
      text: texts.join('\n'),
      images,
      thinking,
      toolCalls: this.#calls,
      answers: undefined,
    });
    this.#shown = { texts: [], images: [] };
  }

  #think({ thinking, signature }: Json): void {
    const thought = typeof thinking === 'string' ? thoughtOf(thinking, signature) : '';
    if (thought !== '') this.#thoughts.push(thought);
  }

  #call({ id, name, input }: Json, at: string): void {
    if (typeof id !== 'string' || typeof name !== 'string')
      this.#body.refuse(at, `${at}: a tool_use block needs an id and a name`);
    else if (input !== undefined && input !== null && !isObject(input))
      this.#body.refuse(`${at}.input`, `${at}.input: Input should be an object`);
    else {
      this.#around.names.set(id, name);
      this.#calls.push({ id, name, arguments: isObject(input) ? input : {} });
    }
  }

  #answer({ tool_use_id: id, content, is_error: failed }: Json, at: string): void {
    if (typeof id !== 'string') {
      this.#body.refuse(`${at}.tool_use_id`, `${at}.tool_use_id: Field required`);
      return;
    }
    // What was said before it stays before it.
    if (this.#shown.texts.length > 0 || this.#shown.images.length > 0) this.#flush();
    const shown: Shown = { texts: [], images: [] };
    if (typeof content === 'string') shown.texts.push(content);
    else if (Array.isArray(content))
      content.forEach((block: unknown, index) => {
        readShown(this.#body, block, `${at}.content.${String(index)}`, shown, this.#around.ignoredParams);
      });
    else if (content !== undefined && content !== null)
      this.#body.refuse(`${at}.content`, `${at}.content: Input should be a string or a list of content blocks`);
    const text = shown.texts.join('\n');
    this.#messages.push({
      role: 'tool',
      text: failed === true ? asError(text) : text,
      images: shown.images,
      thinking: undefined,
      toolCalls: [],
      answers: { id, name: this.#around.names.get(id) },
    });
  }
}

// Models know a failure by its words alone.
function asError(text: string): string {
  return /error/i.test(text.slice(0, 40)) ? text : text === '' ? 'Error' : `Error: ${text}`;
}
