import type { Deployment } from '../../schema/gateway-config.ts';
import type { Json } from '../json.ts';
import type { ModelRequest, ChatRequest, ServerEvent, Usage } from '../exchange.ts';
import { isNever } from './ollama/memory.ts';
import { providerOf } from './providers.ts';
import { wireRequestFor } from './wire-request-for.ts';
import type { BackendQuery } from './query-cache.ts';
import { TokenCounts } from './token-counts.ts';

/** What models with eyes make of an image differs by itself and by the model. */
const TOKENS_OF_AN_IMAGE = 800;
/** How long after a count prompts are measured, so that the next one is better. */
const WANTED_FOR_MS = 3_600_000;
const BETWEEN_SAMPLES_MS = 10_000;
/** How long a server is left alone that answers instead of rendering: each time would cost it a prompt. */
const UNABLE_MS = 3_600_000;

/** Asks the server of a deployment something. */
type Query = (deployment: Deployment, query: BackendQuery) => Promise<Json | undefined>;

/** A request that was answered. */
export interface SettledRequest {
  readonly request: ModelRequest;
  /** As it was sent. */
  readonly length: number;
  readonly end: Extract<ServerEvent, { kind: 'end' }>;
}

/** Says how many tokens prompts have before their servers do, and learns from what those then say. */
export class Counting {
  readonly #counts = new TokenCounts();
  /** Until when counts are wanted of whom, and when a prompt of theirs may be measured next. */
  readonly #wanted = new Map<string, { untilMs: number; nextMs: number }>();
  /** Until when whom is not asked to render. */
  readonly #unable = new Map<string, number>();

  /** The tokens of a chat's prompt. `inMemory`: its model is, so that its template can be asked for at no cost. */
  async count(request: ChatRequest, deployment: Deployment, inMemory: boolean, query: Query): Promise<number> {
    const { bare, images } = withoutImages(request);
    const prompt = inMemory ? await this.#render(bare, deployment, query) : undefined;
    this.#wanted.set(keyOf(deployment), {
      nextMs: 0,
      ...this.#wanted.get(keyOf(deployment)),
      untilMs: performance.now() + WANTED_FOR_MS,
    });
    // A template whose tokens were never counted says less than requests whose were.
    const rendered =
      prompt !== undefined && (this.#counts.knows('prompt', deployment) || !this.#counts.knows('request', deployment));
    return rendered
      ? this.#counts.estimate('prompt', deployment, Buffer.byteLength(prompt)) + images * TOKENS_OF_AN_IMAGE
      : this.#likely(request, deployment);
  }

  /** What the answer to a request of that length cost: as its server says, which is learned from, or as it is likely where that was stopped before it could. */
  settle({ request, length, end: { usage, early } }: SettledRequest, deployment: Deployment, query: Query): Usage {
    if (request.kind !== 'chat') return usage;
    if (usage.promptTokens === 0)
      return early === true
        ? { ...usage, promptTokens: this.#likely(request.params, deployment), estimated: true }
        : usage;
    if (request.params.messages.some(({ images }) => images.length > 0)) return usage;
    this.#counts.observe('request', deployment, length, usage.promptTokens);
    const wanted = this.#wanted.get(keyOf(deployment));
    const nowMs = performance.now();
    if (wanted === undefined || wanted.untilMs < nowMs || wanted.nextMs > nowMs) return usage;
    wanted.nextMs = nowMs + BETWEEN_SAMPLES_MS;
    void this.#render(request.params, deployment, query).then(
      (prompt) => {
        if (prompt !== undefined)
          this.#counts.observe('prompt', deployment, Buffer.byteLength(prompt), usage.promptTokens);
      },
      () => {
        // One that is nested too deeply to be written again is not measured.
      },
    );
    return usage;
  }

  #likely(request: ChatRequest, deployment: Deployment): number {
    const { bare, images } = withoutImages(request);
    return (
      this.#counts.estimate('request', deployment, lengthOf({ kind: 'chat', params: bare }, deployment)) +
      images * TOKENS_OF_AN_IMAGE
    );
  }

  async #render(request: ChatRequest, deployment: Deployment, query: Query): Promise<string | undefined> {
    const { render } = providerOf(deployment);
    // A model with `keep_alive: 0` would be loaded for the render.
    if (
      render === undefined ||
      isNever(deployment.keepAlive) ||
      (this.#unable.get(keyOf(deployment)) ?? 0) > performance.now()
    )
      return undefined;
    const answer = await query(deployment, render.query(request, deployment));
    const prompt = render.read(answer);
    if (answer !== undefined && prompt === undefined)
      this.#unable.set(keyOf(deployment), performance.now() + UNABLE_MS);
    return prompt;
  }
}

function withoutImages(request: ChatRequest): { readonly bare: ChatRequest; readonly images: number } {
  const images = request.messages.reduce((sum, message) => sum + message.images.length, 0);
  return {
    images,
    bare:
      images === 0
        ? request
        : { ...request, messages: request.messages.map((message) => ({ ...message, images: [] })) },
  };
}

function lengthOf(request: ModelRequest, deployment: Deployment): number {
  return wireRequestFor(request, deployment).body.length;
}

function keyOf({ url, model }: Deployment): string {
  return `${url} ${model}`;
}
