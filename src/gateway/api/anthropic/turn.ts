import type { Body } from '../dialect/body.ts';
import { isObject, toolArguments, type Json } from '../../json.ts';
import type { ContentPart, Message, ToolCall } from '../../exchange.ts';
import { ContentList, textParts } from '../dialect/content-list.ts';
import { readContentBlock } from './content.ts';
import { thinkingOf } from './signature.ts';

/** Data that all messages of a conversation share. */
export interface ConversationState {
  /** The names of the called tools, by the ids of the calls. */
  readonly names: Map<string, string>;
  readonly ignoredParams: Set<string>;
}

/** Reads one message, block by block. Tool results in it become messages of their own, in the same order. */
export class Turn {
  readonly #body: Body;
  readonly #role: 'user' | 'assistant';
  readonly #conversation: ConversationState;
  readonly #messages: Message[] = [];
  #content = new ContentList();
  readonly #thinking: string[] = [];
  readonly #calls: ToolCall[] = [];

  constructor(body: Body, role: 'user' | 'assistant', conversation: ConversationState) {
    this.#body = body;
    this.#role = role;
    this.#conversation = conversation;
  }

  /** Adds plain text. */
  addText(text: string): void {
    this.#content.addText(text);
  }

  /** Adds a content block. */
  addBlock(block: unknown, at: string): void {
    const json: Json = isObject(block) ? block : {};
    const { type } = json;
    if (this.#role === 'assistant' && type === 'thinking') this.#addThinking(json);
    else if (this.#role === 'assistant' && type === 'redacted_thinking')
      this.#conversation.ignoredParams.add('redacted_thinking');
    else if (this.#role === 'assistant' && type === 'compaction') this.#addSummary(json);
    else if (this.#role === 'assistant' && isOfServer(type)) this.#conversation.ignoredParams.add(`messages.${type}`);
    else if (this.#role === 'assistant' && type === 'tool_use') this.#addCall(json, at);
    else if (this.#role === 'user' && type === 'tool_result') this.#addResult(json, at);
    else readContentBlock(this.#body, block, at, this.#content, this.#conversation.ignoredParams);
  }

  /** The messages of this turn; at least one. */
  messages(): readonly Message[] {
    if (!this.#content.isEmpty || this.#calls.length > 0 || this.#thinking.length > 0 || this.#messages.length === 0)
      this.#flush();
    return this.#messages;
  }

  #flush(): void {
    const thinking = this.#thinking.length === 0 ? undefined : this.#thinking.join('\n');
    this.#messages.push({
      role: this.#role,
      parts: this.#content.parts(),
      thinking,
      toolCalls: this.#calls,
      answers: undefined,
    });
    this.#content = new ContentList();
  }

  #addThinking({ thinking, signature }: Json): void {
    const text = typeof thinking === 'string' ? thinkingOf(thinking, signature) : '';
    if (text !== '') this.#thinking.push(text);
  }

  // It stands for the messages before it.
  #addSummary({ content }: Json): void {
    if (typeof content === 'string') this.#content.addText(content);
  }

  #addCall({ id, name, input }: Json, at: string): void {
    if (typeof id !== 'string' || typeof name !== 'string')
      this.#body.refuse(at, `${at}: a tool_use block needs an id and a name`);
    else {
      this.#conversation.names.set(id, name);
      this.#calls.push({ id, name, arguments: toolArguments(input) });
    }
  }

  #addResult({ tool_use_id: id, content: result, is_error: failed }: Json, at: string): void {
    if (typeof id !== 'string') {
      this.#body.refuse(`${at}.tool_use_id`, `${at}.tool_use_id: Field required`);
      return;
    }
    // Text before the tool result stays before it.
    if (!this.#content.isEmpty) this.#flush();
    const content = new ContentList();
    if (typeof result === 'string') content.addText(result);
    else if (Array.isArray(result))
      result.forEach((block: unknown, index) => {
        readContentBlock(
          this.#body,
          block,
          `${at}.content.${String(index)}`,
          content,
          this.#conversation.ignoredParams,
        );
      });
    else if (result !== undefined && result !== null)
      this.#body.refuse(`${at}.content`, `${at}.content: Input should be a string or a list of content blocks`);
    this.#messages.push({
      role: 'tool',
      parts: failed === true ? asError(content.parts()) : content.parts(),
      thinking: undefined,
      toolCalls: [],
      answers: { id, name: this.#conversation.names.get(id) },
    });
  }
}

// Calls and results of tools that Anthropic's servers run: a conversation that began there has them, and the model's text says what came
// of them.
function isOfServer(type: unknown): type is string {
  return (
    typeof type === 'string' &&
    (['server_tool_use', 'mcp_tool_use', 'container_upload'].includes(type) || /._tool_result$/.test(type))
  );
}

// A model recognises a failed tool call only by the text of its result.
function asError(parts: readonly ContentPart[]): readonly ContentPart[] {
  const [first] = parts;
  if (first === undefined || first.images.length > 0) return [...textParts('Error'), ...parts];
  const { text } = first;
  if (/error/i.test(text.slice(0, 40))) return parts;
  return [...textParts(text === '' ? 'Error' : `Error: ${text}`), ...parts.slice(1)];
}
