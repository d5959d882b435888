import { isObject, type Json } from '../../json.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { ChatChunks } from './chat-chunks.ts';
import { ChatCompletion } from './chat-completion.ts';

/** Writes a choice as a stream for a client that knows one `function_call` and no `tool_calls`. */
export class LegacyChunks extends ChatChunks {
  readonly #telling = new LegacyCall((function_call) => [
    { delta: { role: 'assistant', content: null, function_call }, finish_reason: null },
    { delta: {}, finish_reason: 'function_call' },
  ]);

  override encode(event: ServerEvent): string {
    return this.#telling
      .of(event)
      .map((told) => super.encode(told))
      .join('');
  }
}

/** Gathers a choice for such a client. */
export class LegacyCompletion extends ChatCompletion {
  #text = '';
  #thinking = '';
  readonly #telling = new LegacyCall((function_call) => [
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
    for (const told of this.#telling.of(event)) super.encode(told);
    return '';
  }
}

/** Puts the one call of an answer in the place where such a client looks for it. */
class LegacyCall {
  readonly #choices: (call: Json) => readonly Json[];
  #call: ToolCall | undefined;
  #called = false;

  constructor(choices: (call: Json) => readonly Json[]) {
    this.#choices = choices;
  }

  of(event: ServerEvent): readonly ServerEvent[] {
    if (event.kind === 'verbatim') return [{ kind: 'verbatim', body: this.#body(event.body) }];
    if (event.kind === 'tool-call') {
      this.#call ??= event.call;
      return [];
    }
    if (event.kind !== 'end' || this.#call === undefined) return [event];
    const { name, arguments: given } = this.#call;
    const told = this.#choices({ name, arguments: JSON.stringify(given) });
    return [...told.map((choice): ServerEvent => ({ kind: 'verbatim', body: { choices: [choice] } })), event];
  }

  // Of a server that speaks the dialect as it is now.
  #body(body: Json): Json {
    const { choices } = body;
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    if (!isObject(choice)) return body;
    const { delta, message, finish_reason: reason } = choice;
    const said = isObject(delta)
      ? { delta: this.#said(delta) }
      : isObject(message)
        ? { message: this.#said(message) }
        : {};
    const ended =
      reason === 'tool_calls' || (reason === 'stop' && this.#called) ? { finish_reason: 'function_call' } : {};
    return { ...body, choices: [{ ...choice, ...said, ...ended }] };
  }

  #said({ tool_calls: calls, ...said }: Json): Json {
    const list = Array.isArray(calls) ? (calls as readonly unknown[]) : []; // an array of what is not yet known
    const first = list.find((call) => isObject(call) && (call['index'] ?? 0) === 0);
    if (!isObject(first)) return said;
    this.#called = true;
    return { ...said, function_call: first['function'] };
  }
}
