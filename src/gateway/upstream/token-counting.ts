import type { Deployment } from '../../schema/gateway-config.ts';
import type { Json } from '../json.ts';
import type { ModelRequest, ChatRequest, ServerEvent, Usage } from '../exchange.ts';
import { bodyWithoutImages, hasImages } from './adapt-request.ts';
import { modelKey } from './model-key.ts';
import { isNever } from './ollama/memory.ts';
import { providerOf } from './providers.ts';
import { wireRequestFor } from './wire-request-for.ts';
import type { BackendQuery } from './query-cache.ts';
import { TokenCounts } from './token-counts.ts';

/** Tokens of an image differ by image and by model; this is a guess. */
const TOKENS_OF_AN_IMAGE = 800;
/** Time after a count in which prompts are measured, so that the next count is better, ms. */
const WANTED_FOR_MS = 3_600_000;
const BETWEEN_SAMPLES_MS = 10_000;
/** Time for which a server is not asked again that answers instead of rendering, ms: each try would cost it a prompt. */
const UNABLE_MS = 3_600_000;

/** Queries the server of a deployment. */
type Query = (deployment: Deployment, query: BackendQuery) => Promise<Json | undefined>;

/** A request that has been answered. */
export interface SettledRequest {
  readonly request: ModelRequest;
  /** Length of the body that was sent, in characters. */
  readonly length: number;
  readonly end: Extract<ServerEvent, { kind: 'end' }>;
}

/** The tokens of a prompt, rather too many than too few; `most`: if each of its letters is one. */
export interface TokenEstimate {
  readonly likely: number;
  readonly most: number;
}

/** Estimates the tokens of a prompt before a server counts them, and learns from what servers then count. */
export class Counting {
  readonly #counts = new TokenCounts();
  /** By deployment: until when counts are wanted, and when the next prompt may be measured. */
  readonly #wanted = new Map<string, { untilMs: number; nextMs: number }>();
  /** Deployments that cannot render prompts, and until when not to ask again. */
  readonly #unable = new Map<string, number>();

  /** The tokens of a chat's prompt. `inMemory`: its model is in memory, so that its template can be rendered at no cost. */
  async count(request: ChatRequest, deployment: Deployment, inMemory: boolean, query: Query): Promise<number> {
    const { bare, images } = withoutImages(request);
    const prompt = inMemory ? await this.#render(bare, deployment, query) : undefined;
    this.#wanted.set(modelKey(deployment), {
      nextMs: 0,
      ...this.#wanted.get(modelKey(deployment)),
      untilMs: performance.now() + WANTED_FOR_MS,
    });
    // Counts of whole requests predict better than a template whose tokens were never counted.
    const rendered =
      prompt !== undefined && (this.#counts.knows('prompt', deployment) || !this.#counts.knows('request', deployment));
    return rendered
      ? this.#counts.estimate('prompt', deployment, Buffer.byteLength(prompt)) + images * TOKENS_OF_AN_IMAGE
      : this.#likely(request, deployment);
  }

  /** The tokens of a prompt; of several texts to embed, those of the longest. */
  estimate(request: ModelRequest, deployment: Deployment): TokenEstimate {
    if (request.kind === 'embed') {
      const all = request.params.input.map((text) => this.#estimate(text, deployment));
      return {
        likely: Math.max(0, ...all.map(({ likely }) => likely)),
        most: Math.max(0, ...all.map(({ most }) => most)),
      };
    }
    const { body } = wireRequestFor(request, deployment);
    const images =
      request.kind === 'chat' ? withoutImages(request.params).images : (request.params.images ?? []).length;
    const { likely, most } = this.#estimate(bodyWithoutImages(request, body), deployment);
    return { likely: likely + images * TOKENS_OF_AN_IMAGE, most: most + images * TOKENS_OF_AN_IMAGE };
  }

  // A model that has seen one script so far says little about another: letters beyond ASCII may be a token each.
  #estimate(text: string, deployment: Deployment): TokenEstimate {
    const wide = text.replaceAll(/[\0-\x7f]+/g, '').length;
    const prior = this.#counts.prior('request', text.length - wide) + wide;
    return { likely: Math.max(prior, this.#counts.estimate('request', deployment, text.length)), most: text.length };
  }

  /**
   * The usage of a response: as the server reports it, and learned from; or estimated, if the server was stopped before it could
   * report.
   */
  settle({ request, length, end: { usage, early } }: SettledRequest, deployment: Deployment, query: Query): Usage {
    if (request.kind === 'embed') {
      // Ollama's older path tells no tokens.
      const textLength = request.params.input.reduce((sum, text) => sum + text.length, 0);
      if (usage.promptTokens > 0 || textLength === 0) return usage;
      return { ...usage, promptTokens: this.#counts.estimate('request', deployment, textLength), estimated: true };
    }
    if (usage.promptTokens === 0)
      return early === true
        ? { ...usage, promptTokens: this.#likelySent(request, length, deployment), estimated: true }
        : usage;
    if (request.kind === 'completion') return usage;
    if (hasImages(request)) return usage;
    this.#counts.observe('request', deployment, length, usage.promptTokens);
    const wanted = this.#wanted.get(modelKey(deployment));
    const nowMs = performance.now();
    if (wanted === undefined || wanted.untilMs < nowMs || wanted.nextMs > nowMs) return usage;
    wanted.nextMs = nowMs + BETWEEN_SAMPLES_MS;
    void this.#render(request.params, deployment, query).then(
      (prompt) => {
        if (prompt !== undefined)
          this.#counts.observe('prompt', deployment, Buffer.byteLength(prompt), usage.promptTokens);
      },
      () => {
        // A request that is nested too deeply for JSON.stringify is not measured.
      },
    );
    return usage;
  }

  /** Forgets all models but those of the deployments: a reload may remove models. */
  keep(deployments: readonly Deployment[]): void {
    this.#counts.keep(deployments);
    const kept = new Set(deployments.map(modelKey));
    for (const known of [this.#wanted, this.#unable])
      for (const key of known.keys()) if (!kept.has(key)) known.delete(key);
  }

  // The length of the body that was sent is known: only one with images has to be written again.
  #likelySent(request: ModelRequest, length: number, deployment: Deployment): number {
    return request.kind === 'chat' && hasImages(request)
      ? this.#likely(request.params, deployment)
      : this.#counts.estimate('request', deployment, length);
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
      // A chat without messages is a load, which a server answers in any case.
      request.messages.length === 0 ||
      (this.#unable.get(modelKey(deployment)) ?? 0) > performance.now()
    )
      return undefined;
    const answer = await query(deployment, render.query(request, deployment));
    const prompt = render.read(answer);
    if (answer !== undefined && prompt === undefined)
      this.#unable.set(modelKey(deployment), performance.now() + UNABLE_MS);
    return prompt === '' ? undefined : prompt;
  }
}

function withoutImages(request: ChatRequest): { readonly bare: ChatRequest; readonly images: number } {
  const images = request.messages.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.images.length, 0);
  return {
    images,
    bare:
      images === 0
        ? request
        : {
            ...request,
            messages: request.messages.map((message) => ({
              ...message,
              parts: message.parts.map(({ text }) => ({ images: [], text })),
            })),
          },
  };
}

function lengthOf(request: ModelRequest, deployment: Deployment): number {
  return wireRequestFor(request, deployment).body.length;
}
