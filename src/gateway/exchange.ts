/** What both kinds of dialect mean: clients' ones translate into these requests and out of these events, servers' ones the other way round. */

/** A chat as any client may ask for it. */
export interface ChatRequest {
  /** The alias, as asked. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  /** A tool has to be called, so that an answer without tools is none. */
  readonly mustCall: boolean;
  /** Where one has to be called: what the call looks like, `{name, arguments}`, as a JSON schema; `undefined` where that cannot be said. */
  readonly callSchema: Readonly<Record<string, unknown>> | undefined;
  /** Whether one answer may call several tools. */
  readonly parallelCalls: boolean;
  /** `json`: any JSON; else a JSON schema. */
  readonly format: 'json' | Readonly<Record<string, unknown>> | undefined;
  /** Numbers by Ollama's names: `temperature`, `top_p`, `seed` … */
  readonly sampling: Readonly<Record<string, number>>;
  readonly stop: readonly string[];
  /** Its client is told which of them ended the answer. No server says so, and the gateway looks for them itself. */
  readonly namesStop?: true;
  readonly maxTokens: number | undefined;
  readonly thinking: boolean | 'low' | 'medium' | 'high' | undefined;
  /** The parameter that asked for it, by its name in the client's dialect. */
  readonly thinkingName: string;
  /** `undefined`: none; else how many alternatives for each token. */
  readonly logprobs: number | undefined;
  /** What the client says shall be cut instead of refused: a prompt that does not fit, and the beginning of a context that is full. */
  readonly truncate?: boolean | undefined;
  readonly shift?: boolean | undefined;
  readonly stream: boolean;
  /** Whether a stream ends with its usage. */
  readonly includeUsage: boolean;
  /** The request as it came, where the client speaks OpenAI's chat dialect, for servers that do so too; those of other clients are written for them. */
  readonly original: Readonly<Record<string, unknown>> | undefined;
}

/** A text to go on with. */
export interface CompletionRequest extends Pick<
  ChatRequest,
  | 'model'
  | 'sampling'
  | 'stop'
  | 'namesStop'
  | 'maxTokens'
  | 'thinking'
  | 'thinkingName'
  | 'logprobs'
  | 'truncate'
  | 'shift'
  | 'stream'
  | 'includeUsage'
  | 'original'
> {
  /** Never empty. */
  readonly prompt: string;
  /** What comes after the text that is wanted. */
  readonly suffix: string | undefined;
  /** The prompt goes to the model as it is, without its template. */
  readonly raw: boolean;
  /** As in a chat; likewise `images`. */
  readonly format?: ChatRequest['format'];
  readonly images?: readonly string[];
  /** What an answer before gave to go on from. */
  readonly context?: readonly number[] | undefined;
  /** In place of the model's own, in Ollama's words. */
  readonly system?: string | undefined;
  readonly template?: string | undefined;
}

/** One turn of a conversation. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  /** The role in the words of a model's own template, where it is none of those. */
  readonly roleName?: string;
  readonly text: string;
  /** Base64, without the `data:` head. */
  readonly images: readonly string[];
  readonly thinking: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** On `tool` messages: which call this answers, and of which tool. */
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

/** Texts to turn into vectors. */
export interface EmbedRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions: number | undefined;
  readonly base64: boolean;
  /** A text that does not fit is cut instead of refused, since the client says so. */
  readonly truncate?: boolean | undefined;
  /** One text, whose vector is wanted as the model gives it: not brought to length one. */
  readonly plain?: true;
  readonly original: Readonly<Record<string, unknown>> | undefined;
}

/** What a server says, in the order it says it; `end` or `failure` is the last. */
export type ServerEvent =
  | { readonly kind: 'text'; readonly text: string; readonly logprobs?: readonly unknown[] }
  | { readonly kind: 'thinking'; readonly text: string }
  | { readonly kind: 'tool-call'; readonly call: ToolCall }
  | { readonly kind: 'vectors'; readonly vectors: readonly (readonly number[])[] }
  /** A chunk of a stream, or a whole reply, that already is in OpenAI's dialect. */
  | { readonly kind: 'verbatim'; readonly body: Readonly<Record<string, unknown>> }
  /** `early`: the answer is whole, though the server would go on; it is told to stop. `context`: for a completion that goes on from here. `stopSequence`: the one that ended it, where that was seen here. */
  | {
      readonly kind: 'end';
      readonly reason: 'stop' | 'length' | 'tool-calls';
      readonly usage: Usage;
      readonly early?: true;
      readonly context?: readonly number[];
      readonly stopSequence?: string;
    }
  | { readonly kind: 'failure'; readonly failure: ServerFailure };

/** What a request cost; times in ms, where the server says them. */
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The server was stopped before it could count: the prompt is what it is likely to have, the answer what has come of it. */
  readonly estimated?: true;
  readonly totalMs?: number;
  readonly loadMs?: number;
  readonly prefillMs?: number;
  readonly decodeMs?: number;
  /** The `usage` object of a server that speaks OpenAI's dialect, which may say more. */
  readonly original?: Readonly<Record<string, unknown>>;
}

/** Why a client gets no answer; its dialect decides how that looks. */
export interface Failure {
  readonly kind:
    | 'invalid'
    | 'unauthorized'
    | 'forbidden'
    | 'not-found'
    | 'wrong-method'
    | 'too-slow'
    | 'too-large'
    | 'not-expected'
    | 'large-headers'
    | 'overloaded'
    | 'limited'
    | 'upstream'
    | 'timeout'
    | 'internal';
  /** Stable, for programs; `null` where OpenAI has none. */
  readonly code: string | null;
  readonly message: string;
  /** The parameter at fault. */
  readonly param?: string;
  /** The model that nobody has. */
  readonly model?: string;
  /** The methods that would do, where one was wrong. */
  readonly allow?: string;
  readonly retryAfterMs?: number;
  /** Whether a program should come again by itself; what it does anyway where nothing is said. */
  readonly shouldRetry?: boolean;
}

/** A failure with what it says about who is at fault, which is what routing goes by. */
export interface ServerFailure extends Failure {
  /** `request`: no other server would do better. `deployment`: this model there. `backend`: the whole server. `busy`: nobody, it is full. */
  readonly fault: 'request' | 'deployment' | 'backend' | 'busy';
}

/** A value, or the failure that the client is told of. */
export type FailureOr<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** What a server is to answer. */
export type ModelRequest =
  | { readonly kind: 'chat'; readonly params: ChatRequest }
  | { readonly kind: 'completion'; readonly params: CompletionRequest }
  | { readonly kind: 'embed'; readonly params: EmbedRequest };

/** That a server has the model in memory, and nothing else. */
export interface LoadRequest {
  readonly kind: 'load';
}
