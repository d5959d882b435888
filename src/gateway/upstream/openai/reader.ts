import { invalidResponse } from '../exchange-failure.ts';
import { isObject, type Json } from '../../json.ts';
import { JsonBodyReader } from '../json-body-reader.ts';
import type { ServerEvent, Usage } from '../../exchange.ts';
import type { ResponseDecoder } from '../wire-request.ts';
import { EventStream, type EventData } from './event-stream.ts';
import { readUsage } from './usage.ts';
import { openaiFailure } from './openai-failure.ts';

const NOTHING: Usage = { promptTokens: 0, completionTokens: 0 };

function broken(message: string): ServerEvent {
  return { kind: 'failure', failure: invalidResponse(message) };
}

// LM Studio reports a prompt that is too long only in the stream, and vLLM adds the status it would have had.
function failed(error: unknown, data: string): ServerEvent {
  const { code, message }: Json = isObject(error) ? error : {};
  const failure = openaiFailure(typeof code === 'number' ? code : 500, data);
  if (failure.fault === 'request') return { kind: 'failure', failure };
  return broken(
    typeof message === 'string'
      ? message
      : typeof error === 'string'
        ? error
        : 'the backend failed in the middle of its answer',
  );
}

/** Decodes a whole JSON response of an OpenAI-compatible server; a response without this field is a failure. */
export function replyReader(emit: (event: ServerEvent) => void, field: 'choices' | 'data'): ResponseDecoder {
  return new JsonBodyReader(field === 'data' ? 'vectors' : 'text', (body) => {
    const list = body?.[field];
    if (body === undefined || !Array.isArray(list) || list.length === 0) {
      emit(
        broken(
          body === undefined ? 'the backend sent what is not JSON' : `the backend sent a response without ${field}`,
        ),
      );
      return;
    }
    emit({ kind: 'verbatim', body });
    const [choice] = Array.isArray(body['choices']) ? (body['choices'] as readonly unknown[]) : []; // of unknown items
    emit({ kind: 'end', reason: endReason(choice) ?? 'stop', usage: readUsage(body['usage']) ?? NOTHING });
  });
}

/** Decodes a stream of an OpenAI-compatible server; a stream that ends without a finish reason and without `[DONE]` has failed. */
export class StreamReader implements ResponseDecoder {
  readonly #emit: (event: ServerEvent) => void;
  readonly #events = new EventStream((data) => {
    this.#take(data);
  });
  #usage = NOTHING;
  #finish: EndReason | undefined;
  /** The stream ends without a reason when a model repeats itself. */
  #isOllama = false;
  #died = false;
  #over = false;

  constructor(emit: (event: ServerEvent) => void) {
    this.#emit = emit;
  }

  push(bytes: Buffer): void {
    this.#events.push(bytes);
  }

  end(): void {
    this.#events.end();
    if (this.#over) return;
    if (this.#finish !== undefined) this.#last({ kind: 'end', reason: this.#finish, usage: this.#usage });
    else if (this.#isOllama && !this.#died) this.#last({ kind: 'end', reason: 'length', usage: this.#usage });
    else this.#last(broken('the backend ended its stream without an end'));
  }

  #last(event: ServerEvent): void {
    this.#over = true;
    this.#emit(event);
  }

  #take({ json, text }: EventData): void {
    if (this.#over) return;
    if (json === undefined && text.trim() === '[DONE]')
      this.#last({ kind: 'end', reason: this.#finish ?? 'stop', usage: this.#usage });
    else if (json === undefined) this.#last(broken('the backend sent an event that is not JSON'));
    else if ((json['error'] ?? undefined) !== undefined) this.#last(failed(json['error'], text));
    else this.#chunk(json);
  }

  #chunk(body: Json): void {
    this.#usage = readUsage(body['usage']) ?? this.#usage;
    const { choices } = body;
    if (!Array.isArray(choices) || choices.length === 0) return;
    // Ollama reports the death of its runner by an empty chunk, without even the model's name.
    this.#died = body['model'] === '';
    if (this.#died) return;
    this.#isOllama = body['system_fingerprint'] === 'fp_ollama';
    const [choice] = choices as readonly unknown[]; // an array of unknown items
    this.#finish = endReason(choice) ?? this.#finish;
    this.#emit({ kind: 'verbatim', body });
  }
}

type EndReason = Extract<ServerEvent, { kind: 'end' }>['reason'];

/** The reason in a choice of OpenAI's dialect; `undefined` if it has none yet. */
function endReason(choice: unknown): EndReason | undefined {
  const reason = isObject(choice) ? choice['finish_reason'] : undefined;
  if (typeof reason !== 'string') return undefined;
  if (reason === 'length') return 'length';
  return reason === 'tool_calls' || reason === 'function_call' ? 'tool-calls' : 'stop';
}
