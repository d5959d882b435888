import { addFault, clearFaults, listFaults } from './faults/admin.ts';
import type { Call } from './native/call.ts';
import { listJournal, setSpeed } from './runner/admin.ts';
import { chat, readChat } from './native/chat.ts';
import { embed, embedOne, readEmbed } from './native/embed.ts';
import { generate, readGenerate } from './native/generate.ts';
import { listLoaded, listModels, sayHello, showVersion } from './native/listing.ts';
import { showModel } from './native/show.ts';
import { completeChat } from './openai/chat.ts';
import { completeText } from './openai/completion.ts';
import { embedTexts } from './openai/embedding.ts';
import { listModels as listOpenAiModels, showModel as showOpenAiModel } from './openai/listing.ts';
import type { ChatBody, EmbedBody, GenerateBody } from './native/body.ts';
import { NativeReply, refusing, type Reply } from './wire/reply.ts';

/** Answers one request. The door turns a thrown Refusal into an answer in the path's format. */
export type Handler = (call: Call) => void | Promise<void>;

/** A path and its handlers by method. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Record<string, Handler>>;
}

const AND_HEAD = (handler: Handler): Route['methods'] => ({ HEAD: handler, GET: handler });

/** All paths. A `:` at the end matches one more segment. */
export const ROUTES: readonly Route[] = [
  { path: '/', methods: AND_HEAD(sayHello) },
  { path: '/api/version', methods: AND_HEAD(showVersion) },
  { path: '/api/tags', methods: AND_HEAD(listModels) },
  { path: '/api/ps', methods: { GET: listLoaded } },
  { path: '/api/show', methods: { POST: showModel } },
  {
    path: '/api/chat',
    methods: { POST: (call) => answer<ChatBody>(call, (reply) => chat(call, readChat(call.text), reply)) },
  },
  {
    path: '/api/generate',
    methods: { POST: (call) => answer<GenerateBody>(call, (reply) => generate(call, readGenerate(call.text), reply)) },
  },
  {
    path: '/api/embed',
    methods: { POST: (call) => answer<EmbedBody>(call, (reply) => embed(call, readEmbed(call.text), reply)) },
  },
  {
    path: '/api/embeddings',
    methods: {
      POST: (call) => answer<{ readonly embedding: readonly number[] }>(call, (reply) => embedOne(call, reply)),
    },
  },
  { path: '/v1/chat/completions', methods: { POST: completeChat } },
  { path: '/v1/completions', methods: { POST: completeText } },
  { path: '/v1/embeddings', methods: { POST: embedTexts } },
  { path: '/v1/models', methods: { GET: listOpenAiModels } },
  { path: '/v1/models/:', methods: { GET: showOpenAiModel } },
  { path: '/sim/journal', methods: { GET: listJournal } },
  { path: '/sim/speed', methods: { POST: setSpeed } },
  { path: '/sim/faults', methods: { GET: listFaults, POST: addFault, DELETE: clearFaults } },
];

/** Finds the route of a path. */
export function findRoute(path: string): Route | undefined {
  const exact = ROUTES.find((route) => route.path === path);
  const part = path.lastIndexOf('/') + 1;
  return exact ?? (part < path.length ? ROUTES.find((route) => route.path === `${path.slice(0, part)}:`) : undefined);
}

function answer<T>(call: Call, work: (reply: Reply<T>) => Promise<void>): Promise<void> {
  return refusing(new NativeReply<T>(call.line), work);
}
