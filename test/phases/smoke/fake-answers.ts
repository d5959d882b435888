/** An answer of the fake: a status, headers and a body. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A request as the fake sees it. */
export interface Seen {
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly authorization: string;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
  /** The backend that the request names. */
  readonly named: string | undefined;
}

const COUNTED = Array.from({ length: 50 }, (_, index) => String(index + 1)).join(' ');

export const KEY = `sk-${'a1'.repeat(32)}`;

/** An answer with a JSON body. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A web page, as a proxy or a wrong port sends it. */
export function page(status: number, title: string): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head></html>`,
  };
}

/** The answer of a gateway without faults. */
export function answerOf(
  seen: Seen,
  models: readonly string[],
  backend: string | undefined,
  health: object | undefined,
  paths: Readonly<Record<string, object>>,
): Answer {
  if (seen.path === '/health/liveliness') return json(200, "I'm alive!");
  if (seen.key !== KEY) {
    const code = seen.key === undefined ? null : 'invalid_api_key';
    return json(401, { error: { message: 'No.', type: 'invalid_request_error', param: null, code } });
  }
  const named: Record<string, string> = backend === undefined ? {} : { 'x-hxllm-backend': backend };
  const { model } = seen.body;
  if (seen.path === '/health' && health !== undefined) return json(200, health);
  const extra = paths[seen.path];
  if (extra !== undefined) return json(200, extra);
  if (seen.path === '/v1/messages')
    return json(200, {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 9, output_tokens: 1 },
    });
  if (seen.path === '/api/chat')
    return json(200, { model, message: { role: 'assistant', content: 'Hello' }, done: true, eval_count: 1 });
  if (seen.path === '/v1/models')
    return json(200, {
      object: 'list',
      data: models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'hxllm' })),
    });
  if (seen.path === '/v1/embeddings')
    return json(
      200,
      {
        object: 'list',
        model,
        data: [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.5, index] })),
        usage: { prompt_tokens: 4, total_tokens: 4 },
      },
      named,
    );
  if (seen.path === '/v1/chat/completions' && !models.includes(String(model)))
    return json(404, {
      error: {
        message: `The model ${String(model)} does not exist.`,
        type: 'invalid_request_error',
        param: null,
        code: 'model_not_found',
      },
    });
  if (seen.path !== '/v1/chat/completions')
    return json(404, {
      error: { message: `Invalid URL (${seen.path})`, type: 'invalid_request_error', param: null, code: null },
    });
  if (seen.body['stream'] === true)
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', ...named },
      body: streamOf(model, textFor(seen.body).content),
    };
  const { content, finish, tokens } = textFor(seen.body);
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }];
  return json(
    200,
    {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model,
      choices,
      usage: { prompt_tokens: 9, completion_tokens: tokens, total_tokens: 9 + tokens },
    },
    named,
  );
}

/** The text for a question, a word a token, as a model that does what it is told would write it. */
function textFor(body: Record<string, unknown>): { content: string; finish: string; tokens: number } {
  const prompt = JSON.stringify(body['messages']);
  const whole =
    body['response_format'] === undefined
      ? (/Repeat after me: ([^"]*)"/.exec(prompt)?.[1] ?? (prompt.includes('Count') ? COUNTED : 'Hello'))
      : '{"city":"Paris"}';
  const [stop] = Array.isArray(body['stop']) ? body['stop'] : [];
  const text = typeof stop === 'string' ? (whole.split(stop)[0] ?? '') : whole;
  const words = text.match(/\S+\s*/g) ?? [];
  const limit = typeof body['max_tokens'] === 'number' ? body['max_tokens'] : words.length;
  const kept = words.slice(0, limit);
  return { content: kept.join(''), finish: kept.length < words.length ? 'length' : 'stop', tokens: kept.length };
}

/** A streamed answer, a piece for each word. */
export function streamOf(model: unknown, content: string): string {
  const chunk = (choices: unknown, usage: unknown = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1, model, choices, usage })}\n\n`;
  const delta = (part: unknown, finish: string | null = null): string =>
    chunk([{ index: 0, delta: part, finish_reason: finish }]);
  const words = content.match(/\S+\s*/g) ?? [];
  const text = words.map((word) => delta({ content: word })).join('');
  const usage = { prompt_tokens: 9, completion_tokens: words.length, total_tokens: 9 + words.length };
  return `: keep-alive\n\n${delta({ role: 'assistant', content: '' })}${text}${delta({}, 'stop')}${chunk([], usage)}data: [DONE]\n\n`;
}
