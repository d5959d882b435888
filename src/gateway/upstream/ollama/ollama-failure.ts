import { isObject, parseObject, textOf } from '../../json.ts';
import type { ServerFailure } from '../../exchange.ts';

interface Rule {
  readonly text: RegExp;
  /** The state of the server: a refusal (4xx) may only quote such words, and they would count against the server for everybody. */
  readonly isState?: true;
  readonly failure: Omit<ServerFailure, 'message'>;
}

const INVALID = { kind: 'invalid', code: null, fault: 'request' } as const;
const RUNNER = { kind: 'upstream', code: 'backend_failed', fault: 'deployment' } as const;

// Ollama has no error codes, so its texts decide (seen on 0.22.1; server/sched.go, llm/server.go, api/types.go).
const RULES: readonly Rule[] = [
  {
    text: /exceeds? (?:the )?(?:available |maximum )?context/i,
    failure: { kind: 'invalid', code: 'context_length_exceeded', param: 'messages', fault: 'request' },
  },
  {
    text: /server busy/i,
    isState: true,
    failure: { kind: 'overloaded', code: 'backend_busy', fault: 'busy', retryAfterMs: 1000 },
  },
  {
    text: /llm server loading model/i,
    isState: true,
    failure: { kind: 'overloaded', code: 'model_loading', fault: 'busy', retryAfterMs: 1000 },
  },
  { text: /does not support tools/i, failure: { ...INVALID, code: 'tools_not_supported', param: 'tools' } },
  { text: /does not support insert/i, failure: { ...INVALID, code: 'suffix_not_supported', param: 'suffix' } },
  {
    text: /does not support thinking/i,
    failure: { ...INVALID, code: 'reasoning_not_supported', param: 'reasoning_effort' },
  },
  {
    text: /think value .{0,100}not supported/i,
    failure: { ...INVALID, code: 'effort_not_supported', param: 'reasoning_effort' },
  },
  { text: /invalid JSON schema/i, failure: { ...INVALID, code: 'schema_not_supported', param: 'response_format' } },
  {
    text: /option "?[\w.]+"? must be of type|invalid format|json: unsupported value|^template: .*:\d+:|undefined template/i,
    failure: INVALID,
  },
  {
    text: /model runner has unexpectedly stopped|runner process (?:no longer running|has terminated)|error was encountered while running/i,
    isState: true,
    failure: RUNNER,
  },
];

const BY_STATUS: Readonly<Record<number, Omit<ServerFailure, 'message'>>> = {
  400: INVALID,
  404: { kind: 'not-found', code: 'model_not_found', fault: 'deployment' },
  413: { ...INVALID, kind: 'too-large' },
  // The status of a proxy in front of it.
  429: { kind: 'overloaded', code: 'backend_busy', fault: 'busy', retryAfterMs: 1000 },
  503: { kind: 'overloaded', code: 'backend_busy', fault: 'busy', retryAfterMs: 1000 },
};

/**
 * A response that is not 200, and the part that is at fault: a 500 is often the client's fault, and the failure of a runner says
 * nothing against the server's other models.
 */
export function ollamaFailure(status: number, body: string): ServerFailure {
  const message = messageOf(body) ?? `the backend answered ${String(status)} without a reason`;
  const isRefusal = status >= 400 && status < 500 && status !== 429;
  const rule = RULES.find(({ text, isState }) => !(isRefusal && isState === true) && text.test(message));
  return { ...(rule?.failure ?? BY_STATUS[status] ?? RUNNER), message };
}

/** An `{"error": …}` line in the middle of a response. */
export function failureOfLine(message: string): ServerFailure {
  return { ...(RULES.find((rule) => rule.text.test(message))?.failure ?? RUNNER), message };
}

function messageOf(body: string): string | undefined {
  const json = parseObject(body);
  const error = json?.['error'];
  const text =
    typeof error === 'string'
      ? error
      : isObject(error)
        ? textOf(error, 'message')
        : json === undefined
          ? body.trim().slice(0, 500)
          : '';
  return text === '' ? undefined : text;
}
