import { isObject, parseObject, type Json } from '../../json.ts';
import { invalidResponse } from '../exchange-failure.ts';
import type { ServerFailure } from '../../exchange.ts';

// Texts of vLLM ("maximum context length is"), llama.cpp ("exceeds the available context size"), LM Studio ("context … overflows")
// and Ollama ("exceeds the context length").
const TOO_LONG =
  /maximum context length|exceeds? (?:the )?(?:available |maximum |model's )?(?:context|model length)|context (?:length|window|size) (?:is )?exceeded|context_length_exceeded|exceed_context_size|tokens when context.{0,200}overflows/i;

/** A response that is not 200, and the part that is at fault. */
export function openaiFailure(status: number, body: string): ServerFailure {
  const error = errorOf(body);
  const message =
    typeof error['message'] === 'string' ? error['message'] : `the backend answered ${String(status)} without a reason`;
  const code = typeof error['code'] === 'string' ? error['code'] : null;
  const param = typeof error['param'] === 'string' ? { param: error['param'] } : {};
  if (
    status >= 400 &&
    status !== 429 &&
    (TOO_LONG.test(message) || TOO_LONG.test(`${code ?? ''} ${String(error['type'])}`))
  )
    return { kind: 'invalid', code: 'context_length_exceeded', message, fault: 'request', ...param };
  if (status === 404)
    return { kind: 'not-found', code: code ?? 'model_not_found', message, fault: 'deployment', ...param };
  if (status === 429 || status === 503)
    return { kind: 'overloaded', code: 'backend_busy', message, fault: 'busy', retryAfterMs: 1000 };
  // 401 and 403 concern the gateway's key for that server, not the client's key.
  if (status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 408)
    return { kind: 'invalid', code, message, fault: 'request', ...param };
  return invalidResponse(`the backend answered ${String(status)}`);
}

const LACKS: readonly (readonly [text: RegExp, code: string])[] = [
  // Texts of vLLM ("tool choice requires --enable-auto-tool-choice"), llama.cpp ("tools param requires --jinja flag") and Ollama
  // ("does not support tools").
  [/does not support tools|tool choice requires --|tools? (?:param )?requires? --jinja/i, 'tools_not_supported'],
  // Texts of vLLM (Mistral's own templates take no arguments, older versions not every effort) and Ollama; OpenAI itself names the
  // unknown parameter.
  [/does not support thinking|chat_template|enable_thinking/i, 'reasoning_not_supported'],
  [/reasoning_effort/i, 'effort_not_supported'],
];

/** The same failure, with a code that leaves the missing capability out of the next attempt. */
export function asMissingCapability(failure: ServerFailure): ServerFailure {
  const code =
    failure.kind === 'invalid' && failure.code !== 'context_length_exceeded'
      ? LACKS.find(([text]) => text.test(failure.message))?.[1]
      : undefined;
  return code === undefined ? failure : { ...failure, code };
}

function errorOf(body: string): Json {
  const json = parseObject(body) ?? {};
  const { error } = json;
  return isObject(error) ? error : typeof error === 'string' ? { message: error } : json;
}
