import { readdirSync, readFileSync } from 'node:fs';
import { KEY } from '../running.ts';

/** Properties of the expected response: streamed or whole, with thoughts, a tool call, usage … */
export type Kind =
  | 'text'
  | 'thoughts'
  | 'call'
  | 'usage'
  | 'whole'
  | 'vectors'
  | 'models'
  | 'tags'
  | 'loaded'
  | 'version'
  | 'refusal';

/** A request that Open WebUI sent. */
export interface Fixture {
  /** Folder and name. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly answer: Kind;
  readonly status: number;
  /** The expected `x-hxllm-ignored-params`. */
  readonly ignored: string | undefined;
}

/** The body in its file; the tools are the same in all of them and have a file of their own. */
type Recorded = Omit<Fixture, 'name' | 'status'> & { readonly tools?: string; readonly status?: number };

const FOLDER = new URL('fixtures/', import.meta.url);

/** Reads the fixtures of a connection. */
export function readFixtures(connection: 'openai' | 'responses' | 'ollama'): readonly Fixture[] {
  return readdirSync(new URL(connection, FOLDER))
    .toSorted()
    .map((file) => readFixture(`${connection}/${file.replace('.json', '')}`));
}

/** Reads one fixture, with its tools and key restored. */
export function readFixture(name: string): Fixture {
  const { tools, status = 200, body, headers, ...rest } = read(`${name}.json`) as Recorded;
  const authorization = headers['authorization'] === 'Bearer KEY' ? `Bearer ${KEY}` : (headers['authorization'] ?? '');
  return {
    name,
    ...rest,
    status,
    headers: { ...headers, authorization },
    body: tools === undefined ? body : { ...body, tools: readTools(tools, rest.path) },
  };
}

// The Responses API has the same tools in a flat form.
function readTools(file: string, path: string): unknown {
  const tools = read(file) as readonly { readonly function: Readonly<Record<string, unknown>> }[];
  return path === '/v1/responses'
    ? tools.map(({ function: made }) => ({ type: 'function', ...made, strict: false }))
    : tools;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}
