import type { Deployment } from '../../schema/gateway-config.ts';
import type { ChatRequest, CompletionRequest, EmbedRequest, ModelRequest, ServerFailure } from '../exchange.ts';
import type { Json } from '../json.ts';
import type { ListedModel } from '../route/residency.ts';
import type { BackendQuery } from './query-cache.ts';
import type { WireRequest } from './wire-request.ts';

/** The parts of a deployment that go into a request. */
export type ModelTarget = Pick<Deployment, 'model' | 'keepAlive' | 'options' | 'fields'>;

/** The lengths of a model's context on its server, in tokens. */
export interface ModelContext {
  /** The length that the model was trained with. */
  readonly trained: number;
  /** The length that its Modelfile states: it is the operator's choice. */
  readonly stated: number | undefined;
}

/** A POST below the backend's URL. */
export interface WirePost {
  readonly path: string;
  readonly body: string;
}

/**
 * One kind of server: everything that differs between them. A new kind is a folder with such a record, a line in `providers.ts`, and its
 * prefixes in `schema/provider.ts`.
 */
export interface Provider {
  readonly chat: (params: ChatRequest, target: ModelTarget) => WireRequest;
  readonly completion: (params: CompletionRequest, target: ModelTarget) => WireRequest;
  readonly embed: (params: EmbedRequest, target: ModelTarget) => WireRequest;
  /** Parameters of a request that the server's API cannot express, or only in part, by their names in the client's dialect. */
  readonly unsupportedParams: (request: ModelRequest) => readonly string[];
  /** A client that speaks the server's own API gets its request through unchanged, and the server's word on it. */
  readonly forwardsOriginal: boolean;
  /** Whether the server cuts a prompt that does not fit, if it is told to. */
  readonly truncates: boolean;
  /** Path of a GET that costs the server nothing: an answer shows that it is up. */
  readonly probePath: string;
  /**
   * Whether the server answers a probe while it works on a request. A server that serves one thing at a time does not: while it takes
   * connections, it is not given up for its silence.
   */
  readonly answersWhileBusy: boolean;
  /** Whether a `context` of `/api/generate` may go to this model; without it none may. */
  readonly acceptsContext?: (context: readonly number[], model: string) => boolean;
  /** Present if the gateway loads and unloads the server's models. */
  readonly memory?: {
    /** Requests that load a model, the preferred one first; another is sent if `isWrongLoad` says so. */
    readonly loads: (target: ModelTarget) => readonly WirePost[];
    /** Requests for one token, in the same order. */
    readonly tests: (target: ModelTarget) => readonly WirePost[];
    readonly isWrongLoad: (failure: ServerFailure) => boolean;
    readonly unload: (model: string) => WirePost;
    readonly listPath: string;
    /** `undefined` if the body is not such a list. */
    readonly readList: (body: string) => readonly ListedModel[] | undefined;
    readonly fail: (status: number, body: string) => ServerFailure;
  };
  /** The models that the server has. */
  readonly models: {
    readonly query: BackendQuery;
    readonly read: (answer: Json) => readonly string[];
  };
  /** Present if the server says what a model can do. `read` gives `undefined` if an answer does not say. */
  readonly capabilities?: {
    readonly query: (model: string) => BackendQuery;
    readonly read: (answer: Json) => readonly unknown[] | undefined;
  };
  /** Present if the context of its models can be chosen at a load. `read` gives `undefined` if an answer does not say. */
  readonly context?: {
    readonly query: (model: string) => BackendQuery;
    readonly read: (answer: Json) => ModelContext | undefined;
  };
  /** Present if the server renders a prompt without answering it. `read` gives `undefined` if the server cannot. */
  readonly render?: {
    readonly query: (params: ChatRequest, target: ModelTarget) => BackendQuery;
    readonly read: (answer: Json | undefined) => string | undefined;
  };
  /** Queries for the answers to Ollama's clients about models, if the server has them. */
  readonly catalogue: {
    readonly tags?: BackendQuery;
    readonly loaded?: BackendQuery;
    readonly version?: BackendQuery;
    readonly show?: (model: string, verbose: boolean) => BackendQuery;
    readonly contextLength?: {
      readonly query: BackendQuery;
      readonly read: (answer: Json | undefined, model: string) => number | undefined;
    };
  };
}
