import { readFileSync } from 'node:fs';

/** The time in a CPU profile by the origin of the code, µs. */
export type Spent = ReadonlyMap<string, number>;

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The grain: by purpose, by file, or by function. */
export type By = 'part' | 'file' | 'function';

/** Purposes of code, by its file; the first match holds. */
const PARTS: readonly (readonly [name: string, file: RegExp])[] = [
  ['framework (hono, @hono/node-server)', /node_modules\/(?:@hono|hono)\//],
  ['undici', /node_modules\/undici\//],
  ['auth', /src\/gateway\/auth\//],
  [
    'parse (client’s request)',
    /src\/gateway\/(?:api\/dialect\/|api\/openai\/(?:chat-request|completion-request|embed-request|messages|parsed-request|sampling|tool-choice)|http\/request-body)/,
  ],
  ['translate (to Ollama and back)', /src\/gateway\/(?:api|upstream\/(?:ollama|openai))\//],
  ['route (scheduler, slots, queue)', /src\/gateway\/(?:route\/|scheduler\/|proxy\/forwarder)/],
  ['upstream (attempt, deadlines)', /src\/gateway\/upstream\//],
  ['metrics', /src\/gateway\/metrics\/|node_modules\/prom-client\//],
  ['log line', /src\/gateway\/(?:log|usage\/)/],
  ['server and answer', /src\/gateway\//],
  ['bare proxy itself', /floor\.ts/],
  ['node:http, net, streams, timers', /^node:/],
];

/** Reads a profile of a bundle or a plain program, between two moments on the clock of `process.hrtime`. */
export function spentBy(
  profileFile: string,
  bundleFile: string | undefined,
  fromUs: number,
  toUs: number,
  by: By = 'part',
): Spent {
  const profile = JSON.parse(readFileSync(profileFile, 'utf8')) as Profile; // as V8 writes it
  const sections = bundleFile === undefined ? [] : sectionsOf(readFileSync(bundleFile, 'utf8'));
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
  );
  const fileOf = (id: number): string => {
    const node = nodes.get(id);
    if (node === undefined) return '(unknown)';
    const { url, functionName, lineNumber } = node.callFrame;
    if (bundleFile !== undefined && url.endsWith('gateway.mjs')) {
      const found = sections.findLast((section) => section.line <= lineNumber)?.file ?? '(bundle)';
      return by === 'function' ? `${found} ${functionName}` : found;
    }
    if (url !== '') return by === 'function' ? `${url} ${functionName}` : url;
    // The time of a builtin such as JSON.parse counts for its caller.
    const parent = parents.get(id);
    return functionName.startsWith('(') || parent === undefined ? functionName : fileOf(parent);
  };
  const spent = new Map<string, number>();
  let now = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    now += delta;
    if (now < fromUs || now > toUs) continue;
    const file = fileOf(id);
    if (file === '(idle)') continue;
    const name =
      by !== 'part'
        ? file
        : file === '(garbage collector)'
          ? 'garbage collector'
          : file === '(program)'
            ? 'native code and system calls'
            : (PARTS.find(([, pattern]) => pattern.test(file))?.[0] ?? file);
    spent.set(name, (spent.get(name) ?? 0) + delta);
  }
  return spent;
}

// esbuild writes the path of each module in a comment before it.
function sectionsOf(bundle: string): readonly { readonly line: number; readonly file: string }[] {
  return bundle.split('\n').flatMap((text, line) => {
    const file = /^\/\/ ((?:src|node_modules)\/\S+)$/.exec(text)?.[1];
    return file === undefined ? [] : [{ line, file }];
  });
}
