import { isObject, type Json } from '../../json.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { ChatChunks } from './chat-chunks.ts';
import { ChatCompletion } from './chat-completion.ts';

/** Encodes a choice as a stream for a client that supports one `function_call` and no `tool_calls`. */
export class LegacyChunks extends ChatChunks {
  readonly #translator = new LegacyCallTranslator((function_call) => [
    { delta: { role: 'assistant', content: null, function_call }, finish_reason: null },
    { delta: {}, finish_reason: 'function_call' },
  ]);

  override encode(event: ServerEvent): string {
    return this.#translator
      .translate(event)
      .map((translated) => super.encode(translated))
      .join('');
  }
}

/** Collects a choice for a client that supports one `function_call` and no `tool_calls`. */
export class LegacyCompletion extends ChatCompletion {
  #text = '';
  #thinking = '';
  readonly #translator = new LegacyCallTranslator((function_call) => [
    {
      message: {
        role: 'assistant',
        content: this.#text || null,
        refusal: null,
        ...(this.#thinking === '' ? {} : { reasoning_content: this.#thinking }),
        function_call,
      },
      logprobs: null,
      finish_reason: 'function_call',
    },
  ]);

  override encode(event: ServerEvent): string {
    if (event.kind === 'text') this.#text += event.text;
    else if (event.kind === 'thinking') this.#thinking += event.text;
    for (const translated of this.#translator.translate(event)) super.encode(translated);
    return '';
  }
}

/** Moves the first tool call of a response into `function_call`. */
class LegacyCallTranslator {
  readonly #choices: (call: Json) => readonly Json[];
  #call: ToolCall | undefined;
  #hasCalls = false;

  constructor(choices: (call: Json) => readonly Json[]) {
    this.#choices = choices;
  }

  translate(event: ServerEvent): readonly ServerEvent[] {
    if (event.kind === 'verbatim') return [{ kind: 'verbatim', body: this.#rewriteBody(event.body) }];
    if (event.kind === 'tool-call') {
      this.#call ??= event.call;
      return [];
    }
    if (event.kind !== 'end' || this.#call === undefined) return [event];
    const { name, arguments: callArguments } = this.#call;
    const translated = this.#choices({ name, arguments: JSON.stringify(callArguments) });
    return [...translated.map((choice): ServerEvent => ({ kind: 'verbatim', body: { choices: [choice] } })), event];
  }

  // Rewrites a chunk or body of a server that sends `tool_calls`.
  #rewriteBody(body: Json): Json {
    const { choices } = body;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // the elements stay unknown
    if (!isObject(choice)) return body;
    const { delta, message, finish_reason: reason } = choice;
    const content = isObject(delta)
      ? { delta: this.#rewriteMessage(delta) }
      : isObject(message)
        ? { message: this.#rewriteMessage(message) }
        : {};
    const ended =
      reason === 'tool_calls' || (reason === 'stop' && this.#hasCalls) ? { finish_reason: 'function_call' } : {};
    return { ...body, choices: [{ ...choice, ...content, ...ended }] };
  }

  #rewriteMessage({ tool_calls: calls, ...message }: Json): Json {
    const list = Array.isArray(calls) ? (calls as readonly unknown[]) : []; // the elements stay unknown
    const first = list.find((call) => isObject(call) && (call['index'] ?? 0) === 0);
    if (!isObject(first)) return message;
    this.#hasCalls = true;
    return { ...message, function_call: first['function'] };
  }
}
