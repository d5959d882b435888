import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { callBody } from './call-body.ts';
import { ForeignChoice } from './foreign-choice.ts';
import { FINISH } from './completion-head.ts';

/** Collects one choice of a chat whose response is not streamed. */
export class ChatCompletion implements ResponseEncoder {
  readonly #index: number;
  readonly #customTools: ReadonlySet<string>;
  #text = '';
  #thinking = '';
  readonly #calls: ToolCall[] = [];
  readonly #logprobs: unknown[] = [];
  /** The choice; set after the `end` event. */
  choice: Json | undefined;
  /** The other fields in the body of a server of OpenAI's dialect, beside the choice. */
  rest: Json = {};

  constructor(index: number, customTools: ReadonlySet<string>) {
    this.#index = index;
    this.#customTools = customTools;
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'tool-call') this.#calls.push(event.call);
    else if (event.kind === 'verbatim') this.#verbatim(event.body);
    else if (event.kind === 'end')
      this.choice ??= {
        index: this.#index,
        message: this.#message(),
        logprobs: this.#logprobsBody(),
        finish_reason: FINISH[event.reason],
      };
    return '';
  }

  #verbatim({ choices, ...rest }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // the elements stay unknown
    this.choice = new ForeignChoice(this.#index).rewrite(isObject(choice) ? choice : {});
    this.rest = rest;
  }

  #logprobsBody(): Json | null {
    return this.#logprobs.length === 0 ? null : { content: this.#logprobs, refusal: null };
  }

  #message(): Json {
    const calls = this.#calls.map((call) => callBody(call, this.#customTools));
    return {
      role: 'assistant',
      content: this.#text === '' && calls.length > 0 ? null : this.#text,
      refusal: null,
      ...(this.#thinking === '' ? {} : { reasoning_content: this.#thinking }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  }
}
