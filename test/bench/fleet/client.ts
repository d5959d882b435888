import { request, type IncomingMessage } from 'node:http';

/** A response as its client saw it. `refused`: an error instead of a response; `left`: no token came in time. */
export interface Seen {
  readonly outcome: 'served' | 'refused' | 'left' | 'failed';
  /** From the call to the first text, ms. */
  readonly ttftMs: number | undefined;
  readonly text: string;
  /** The status and the beginning of what came instead of a response. */
  readonly why: string | undefined;
  /** `x-hxllm-route`, where the gateway sends it. */
  readonly route: string | undefined;
}

/** A chat that is streamed in OpenAI's format, or in Ollama's where `path` is `/api/generate`. */
export interface Chat {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  readonly patienceMs: number;
}

/** Sends a chat on a connection of its own, and reads its stream. */
export async function chat({ url, path, headers, body, patienceMs }: Chat): Promise<Seen> {
  const { promise, resolve } = Promise.withResolvers<Seen>();
  const startMs = performance.now();
  let ttftMs: number | undefined;
  let [text, rest, raw] = ['', '', ''];
  let isWhole = false;
  let error: string | undefined;
  let answer: IncomingMessage | undefined;
  const end = (outcome: Seen['outcome'], why?: string): void => {
    clearTimeout(patience);
    const route = answer?.headers['x-hxllm-route'];
    resolve({ outcome, ttftMs, text, why, route: typeof route === 'string' ? route : undefined });
  };
  const sent = request(new URL(path, url), {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const patience = setTimeout(() => {
    end('left');
    sent.destroy();
  }, patienceMs);
  const take = (line: string): void => {
    const event = eventOf(line);
    if (event === undefined) return;
    if (event.text !== '' && ttftMs === undefined) {
      ttftMs = performance.now() - startMs;
      clearTimeout(patience);
    }
    text += event.text;
    isWhole ||= event.isLast;
    error ??= event.error;
  };
  sent.on('error', (cause) => {
    end(answer === undefined ? 'refused' : 'failed', String(cause));
  });
  sent.on('response', (response) => {
    answer = response;
    response.setEncoding('utf8');
    response.on('data', (piece: string) => {
      if (raw.length < 300) raw += piece;
      if (response.statusCode !== 200) return;
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    response.on('error', (cause) => {
      end('failed', String(cause));
    });
    response.on('end', () => {
      const status = response.statusCode ?? 0;
      if (status !== 200) end('refused', `${String(status)} ${raw}`);
      else if (isWhole && error === undefined && ttftMs !== undefined) end('served');
      else end('failed', error ?? `it ended early: ${raw}`);
    });
  });
  sent.end(JSON.stringify(body));
  return promise;
}

interface StreamEvent {
  readonly text: string;
  readonly isLast: boolean;
  readonly error: string | undefined;
}

/** The meaning of a line of a stream; `undefined` for one without any. */
function eventOf(line: string): StreamEvent | undefined {
  const json = line.startsWith('data: ') ? line.slice('data: '.length) : line;
  if (!json.startsWith('{')) return undefined;
  // The fields of both formats that matter here.
  const event = JSON.parse(json) as {
    readonly error?: unknown;
    readonly choices?: readonly {
      readonly delta?: { readonly content?: string | null };
      readonly finish_reason?: string | null;
    }[];
    readonly response?: string;
    readonly done?: boolean;
  };
  const [choice] = event.choices ?? [];
  return {
    text: choice?.delta?.content ?? event.response ?? '',
    isLast: typeof choice?.finish_reason === 'string' || event.done === true,
    error: event.error === undefined ? undefined : JSON.stringify(event.error),
  };
}
