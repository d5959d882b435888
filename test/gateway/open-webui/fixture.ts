import { readdirSync, readFileSync } from 'node:fs';
import { KEY } from '../running.ts';

/** What an answer is to be: said in pieces or as a whole, thoughts before it, a call of a tool, with usage … */
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
  /** What `x-hxllm-ignored-params` is to say. */
  readonly ignored: string | undefined;
}

/** As its file has it; the tools are the same in all of them, and in a file of their own. */
type Recorded = Omit<Fixture, 'name' | 'status'> & { readonly tools?: string; readonly status?: number };

const FOLDER = new URL('fixtures/', import.meta.url);

/** Reads the fixtures of a connection. */
export function readFixtures(connection: 'openai' | 'responses' | 'ollama'): readonly Fixture[] {
  return readdirSync(new URL(connection, FOLDER))
    .toSorted()
    .map((file) => readFixture(`${connection}/${file.replace('.json', '')}`));
}

/** Reads one of them, with the tools and the key put back where they were. */
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

// For the Responses API they are the same, and flat.
function readTools(file: string, path: string): unknown {
  const tools = read(file) as readonly { readonly function: Readonly<Record<string, unknown>> }[];
  return path === '/v1/responses'
    ? tools.map(({ function: made }) => ({ type: 'function', ...made, strict: false }))
    : tools;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}
