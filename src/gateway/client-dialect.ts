import type { Failure, LoadRequest, ModelRequest, ServerEvent, Usage } from './exchange.ts';

/** One path of an API that takes a body. */
export interface Endpoint {
  /** Parses the body of a request; `nowMs` is the time since 1970. `model`, from the path, replaces the body's. */
  readonly parse: (bytes: Buffer, nowMs: number, model?: string) => ParseResult;
  /** Set on endpoints that only count the tokens of a prompt: makes the response body. */
  readonly tokenCountBody?: (tokens: number) => string;
}

/** LiteLLM's parameters about a request; absent ones are the configuration's. */
export interface RequestControl {
  /** Aliases that serve the request if its own cannot, best first; `[{ALIAS: [NAME, …]}]` counts for the alias asked for. */
  readonly fallbacks?: readonly unknown[];
  readonly contextFallbacks?: readonly unknown[];
  readonly disablesFallbacks?: true;
  /** Attempts beyond the first. */
  readonly retries?: number;
  /** For a whole response, or the first byte of a stream. */
  readonly timeoutMs?: number;
  /** The text of the response, which no server gives then. */
  readonly mockText?: string;
  /** The provider of `model`, where it is written without. */
  readonly provider?: string;
  /** The person or program that the client asks for (`user`, Anthropic's `metadata.user_id`). */
  readonly user?: string;
  /** The request yields to people (`metadata.class: batch`). */
  readonly batch?: true;
}

/** A parsed request, or a failure. `passed`: the request for OpenAI-compatible servers, which can serve it all the same: of their own API they get it as it came. */
export type ParseResult =
  | { readonly ok: true; readonly value: ParsedRequest }
  | { readonly ok: false; readonly failure: Failure; readonly passed?: ParsedRequest };

/** A parsed request: its subrequests to backends in neutral terms, and how the response is written for this client. */
export interface ParsedRequest {
  /** The model as asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Set if only an OpenAI-compatible server can serve the request: the failure that the client gets where there is none. */
  readonly translationFailure?: Failure | undefined;
  /** Parameters that Ollama does not support, by their names in the client's dialect. */
  readonly ignoredParams: readonly string[];
  /** LiteLLM's parameters, which are about the request and not for the model. */
  readonly control?: RequestControl;
  /** Options that would reload the model: Ollama's names, behind `options.` where the request has them there. The alias fixes them; a value that the alias does not give is listed with the ignored parameters. */
  readonly runner?: Readonly<Record<string, unknown>>;
  /** Keeps a silent stream alive, instead of the dialect's own text. */
  readonly keepAlive?: string;
  /** One for each choice or prompt, each forwarded by itself. */
  readonly subrequests: readonly Subrequest[];
  /** The end of the response, after the encoder of each subrequest has seen its `end`: the rest of a stream, or the whole body. `usages` are in the order of the subrequests. */
  close(usages: readonly Usage[]): string;
  /** The whole body in pieces, instead of {@link close}; `undefined` if it is small. */
  closeInPieces?(usages: readonly Usage[]): Iterable<string> | undefined;
  /** An error in the middle of a stream, if it depends on what was sent before; else {@link ClientDialect.errorFrame} is used. */
  errorFrame?(failure: Failure): string;
}

/** One request to one backend: all of a parsed request, or one of its choices. */
export interface Subrequest {
  readonly request: ModelRequest | LoadRequest;
  /** Whether the response is sent in chunks. */
  readonly stream: boolean;
  /** Makes a fresh encoder: each attempt has its own, and all have the same id. */
  encoder(): ResponseEncoder;
}

/** Encodes the events of a backend in the client's dialect. */
export interface ResponseEncoder {
  /** The text to send for an event; empty if there is none, as in a response that is sent whole. No event follows `end`. */
  encode(event: ServerEvent): string;
}

/** An error as an HTTP response. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The parts of a client's API that do not depend on the request. */
export interface ClientDialect {
  readonly name: 'openai' | 'responses' | 'anthropic' | 'ollama';
  /** Content type of a stream. */
  readonly streamType: string;
  /** Keeps a silent stream alive; clients skip it. `undefined` if it depends on the request. */
  readonly keepAlive: string | undefined;
  /** The API's own header for the request id, sent on every response. */
  readonly idHeader?: string;
  errorResponse(failure: Failure, requestId?: string): ErrorResponse;
  /** An error in the middle of a stream; nothing follows. */
  errorFrame(failure: Failure, requestId?: string): string;
  /** The alias that a name means, if the API has several ways to write one; the name itself if it means none. */
  aliasOf(asked: string, aliases: ReadonlyMap<string, unknown>): string;
}
