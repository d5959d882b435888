/** A server to judge, and the parameters to ask it with. */
export interface Target {
  /** Without `/v1`. */
  readonly url: string;
  readonly key: string;
  /** The model for chats. */
  readonly model: string;
  /** The model that embeds. */
  readonly embed: string | undefined;
}

/** The clients that judge; `wire` is HTTP without a client. */
export const CLIENTS = ['wire', 'openai', 'anthropic', 'ollama', 'vercel', 'langchain'] as const;

export type Client = (typeof CLIENTS)[number];

/** The interfaces that a server may offer; it may lack each as a whole. */
export type Api =
  | 'models'
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'responses'
  | 'messages'
  | 'count_tokens'
  | 'ollama';

/** One behaviour that clients rely on. */
export interface Case {
  /** Unique among the cases of its client. */
  readonly id: string;
  /** The expectation, as a sentence. */
  readonly checks: string;
  /** Fails by throwing; {@link notApplicable} if this target cannot show it. */
  readonly run: (target: Target) => Promise<void>;
}

/** Cases of one client about one theme, all over one interface. */
export interface Group {
  readonly client: Client;
  readonly theme: string;
  readonly api: Api;
  readonly cases: readonly Case[];
}

/** Thrown by a case that this target cannot show, by no fault of the server. */
export class NotApplicable extends Error {}

/** Ends a case that this target cannot show. */
export function notApplicable(reason: string): never {
  throw new NotApplicable(reason);
}

/** The model that embeds, for cases that need one. */
export function embedModel({ embed }: Target): string {
  return embed ?? notApplicable('no model that embeds was named (--embed-model)');
}
