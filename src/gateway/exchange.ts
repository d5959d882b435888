/**
 * The neutral language between the two kinds of dialect: client dialects translate into these requests and from these events,
 * server dialects the other way round.
 */

/** A chat, as any client may ask for it. */
export interface ChatRequest {
  /** The model as asked for. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  /** The model must call a tool: a response without a call is an error. */
  readonly mustCall: boolean;
  /** The server could not make a grammar of the tools' calls: the model calls as it likes. */
  readonly freeCalls?: true;
  /** Whether one response may call several tools. */
  readonly parallelCalls: boolean;
  /** `json`: any JSON; else a JSON schema. */
  readonly format: 'json' | Readonly<Record<string, unknown>> | undefined;
  /** The parameter that has the schema, by its name in the client's dialect; `response_format` if it has none. */
  readonly formatName?: string;
  /** Numbers by Ollama's names: `temperature`, `top_p`, `seed` (a bigint beyond 2^53) … */
  readonly sampling: Readonly<Record<string, number | bigint>>;
  readonly stop: readonly string[];
  /**
   * The client is told which stop sequence ended the response. No server reports it, so the gateway looks for the sequences itself.
   */
  readonly namesStop?: true;
  readonly maxTokens: number | undefined;
  readonly thinking: boolean | 'low' | 'medium' | 'high' | undefined;
  /** The parameter that asked for thinking, by its name in the client's dialect. */
  readonly thinkingName: string;
  /** The client did not ask for it, but the entry that serves it has it. */
  readonly thinkingByDefault?: true;
  /** `undefined`: none; else the number of alternatives for each token. */
  readonly logprobs: number | undefined;
  /**
   * Whether a prompt that does not fit may be cut, and whether a full context drops its beginning; `default`: the client leaves it to
   * Ollama's own API, which does both.
   */
  readonly truncate?: boolean | 'default' | undefined;
  readonly shift?: boolean | 'default' | undefined;
  /** The prompt is cut: the server has refused it as too long, and `truncate` allows it. */
  readonly cut?: true;
  readonly stream: boolean;
  /** Whether a stream ends with its usage. */
  readonly includeUsage: boolean;
  /**
   * The request as it came, if the client speaks OpenAI's chat dialect: servers of that dialect get it as it is. Requests of other
   * clients are translated for them.
   */
  readonly original: Readonly<Record<string, unknown>> | undefined;
}

/** A text to continue. */
export interface CompletionRequest extends Pick<
  ChatRequest,
  | 'model'
  | 'sampling'
  | 'stop'
  | 'namesStop'
  | 'maxTokens'
  | 'thinking'
  | 'thinkingName'
  | 'thinkingByDefault'
  | 'formatName'
  | 'logprobs'
  | 'truncate'
  | 'shift'
  | 'cut'
  | 'stream'
  | 'includeUsage'
  | 'original'
> {
  /** Never empty. */
  readonly prompt: string;
  /** The text behind the gap to fill. */
  readonly suffix: string | undefined;
  /** The prompt goes to the model without its template. */
  readonly raw: boolean;
  /** As in a chat; likewise `images`. */
  readonly format?: ChatRequest['format'];
  readonly images?: readonly string[];
  /** The `context` of an earlier response, to continue from. */
  readonly context?: readonly number[] | undefined;
  /** Replaces the model's own system prompt and template, in Ollama's words. */
  readonly system?: string | undefined;
  readonly template?: string | undefined;
}

/**
 * A part of a message. Ollama has the images of a message before its text, so text and an image of another API are two parts, and a
 * message of Ollama's own API is one.
 */
export interface ContentPart {
  /** Base64, without the `data:` head; or an address, which only OpenAI-compatible servers get. */
  readonly images: readonly string[];
  readonly text: string;
}

/** One turn of a conversation. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** The role in the words of the model's own template, if it is none of those. */
  readonly roleName?: string;
  /** In the client's order; empty if the message has calls only. */
  readonly parts: readonly ContentPart[];
  readonly thinking: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** On `tool` messages: the call that this is the result of, and its tool. */
  readonly answers: { readonly id: string | undefined; readonly name: string | undefined } | undefined;
}

/** A function that a model may call. */
export interface Tool {
  readonly name: string;
  /** The definition as OpenAI and Ollama both write it: `{type: 'function', function: {…}}`. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** A call that a model made. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Texts to embed. */
export interface EmbedRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions: number | undefined;
  readonly base64: boolean;
  /** As in a chat, for each text. */
  readonly truncate?: ChatRequest['truncate'];
  readonly cut?: true;
  /** One text, whose vector is returned as the model gives it, not normalised to length one. */
  readonly plain?: true;
  readonly original: Readonly<Record<string, unknown>> | undefined;
}

/** The output of a backend, in order; `end` or `failure` is the last event. */
export type ServerEvent =
  | { readonly kind: 'text'; readonly text: string; readonly logprobs?: readonly unknown[] }
  | { readonly kind: 'thinking'; readonly text: string }
  | { readonly kind: 'tool-call'; readonly call: ToolCall }
  | { readonly kind: 'vectors'; readonly vectors: readonly (readonly number[])[] }
  /** A chunk of a stream, or a whole response body, that already is in OpenAI's dialect. */
  | { readonly kind: 'verbatim'; readonly body: Readonly<Record<string, unknown>> }
  /**
   * `early`: the response is complete although the server would go on, and the server is told to stop. `context`: for a completion
   * that continues from here. `stopSequence`: the sequence that ended it, if the gateway found it.
   */
  | {
      readonly kind: 'end';
      readonly reason: 'stop' | 'length' | 'tool-calls';
      readonly usage: Usage;
      readonly early?: true;
      readonly context?: readonly number[];
      readonly stopSequence?: string;
    }
  | { readonly kind: 'failure'; readonly failure: ServerFailure };

/** The cost of a response; times in ms, if the server reports them. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The server was stopped before it reported its counts: prompt tokens are estimated, completion tokens counted by chunks. */
  readonly estimated?: true;
  readonly totalMs?: number;
  readonly loadMs?: number;
  readonly prefillMs?: number;
  readonly decodeMs?: number;
  /** The `usage` object of a server of OpenAI's dialect, which may have more fields. */
  readonly original?: Readonly<Record<string, unknown>>;
}

/** The reason why a client gets no response; the client's dialect decides how it looks. */
export interface Failure {
  readonly kind:
    | 'invalid'
    | 'unauthorized'
    | 'forbidden'
    | 'not-found'
    | 'wrong-method'
    | 'too-slow'
    | 'too-large'
    | 'unknown-coding'
    | 'not-expected'
    | 'large-headers'
    | 'overloaded'
    | 'limited'
    | 'upstream'
    | 'timeout'
    | 'internal'
    | 'unknown-transfer-coding';
  /** Stable, for programs; `null` if OpenAI has none. */
  readonly code: string | null;
  readonly message: string;
  /** The parameter at fault. */
  readonly param?: string;
  /** The model that does not exist. */
  readonly model?: string;
  /** The methods that are allowed. */
  readonly allow?: string;
  /** The content codings that a body may have. */
  readonly accept?: string;
  /** The unit of the limit of a key that is reached, for `limited`: OpenAI's type of the error. */
  readonly limited?: 'requests' | 'tokens' | 'insufficient_quota';
  readonly retryAfterMs?: number;
  /** Whether a client should retry by itself; `undefined` leaves it to the client's default. */
  readonly shouldRetry?: boolean;
}

/** A failure of a backend, with the part that is at fault: routing goes by it. */
export interface ServerFailure extends Failure {
  /**
   * `request`: every server would fail it. `deployment`: this model on this server. `backend`: the whole server. `connection`: this
   * exchange, and nothing is known of the server until a probe. `busy`: no part is at fault, the server is full.
   */
  readonly fault: 'request' | 'deployment' | 'backend' | 'connection' | 'busy';
  /** The server is known not to have begun with the request, so it may be sent again. */
  readonly notBegun?: true;
  /** The error that the gateway met with the request or its response, for the log. */
  readonly error?: unknown;
}

/** A value, or the failure that the client gets. */
export type FailureOr<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** A request for the model. */
export type ModelRequest =
  | { readonly kind: 'chat'; readonly params: ChatRequest }
  | { readonly kind: 'completion'; readonly params: CompletionRequest }
  | { readonly kind: 'embed'; readonly params: EmbedRequest };

/** A request to have the model in memory, and nothing else. */
export interface LoadRequest {
  readonly kind: 'load';
}
