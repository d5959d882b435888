import { parse, type Node } from 'acorn';
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files below src/ of the functions that were entered, each function once, in the order of their first entry. */
export interface Trace {
  start(): void;
  stop(): readonly string[];
}

const SOURCES = join(import.meta.dirname, '../../../src');
const ENTER = '__hxllmEnter';

/** Instruments every module below src/ that is imported from now on: each function reports its file when it is entered. */
export function installTrace(): Trace {
  let files: string[] | undefined;
  const entered = new Set<string>();
  Object.defineProperty(globalThis, ENTER, {
    value: (file: string, start: number) => {
      const id = `${file}:${String(start)}`;
      if (files === undefined || entered.has(id)) return;
      entered.add(id);
      files.push(file);
    },
  });
  registerHooks({
    load: (url, context, nextLoad) => {
      const path = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!path.startsWith(SOURCES) || !path.endsWith('.ts')) return nextLoad(url, context);
      const source = stripTypeScriptTypes(readFileSync(path, 'utf8'));
      return { format: 'module', source: instrument(source, relative(SOURCES, path)), shortCircuit: true };
    },
  });
  return {
    start: () => {
      entered.clear();
      files = [];
    },
    stop: () => {
      const traced = files ?? [];
      files = undefined;
      return traced;
    },
  };
}

interface Body extends Node {
  readonly body?: unknown;
}

/** Puts a call at the start of each function body of a module. */
export function instrument(source: string, file: string): string {
  const inserts: { readonly at: number; readonly text: string }[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item);
    if (!isNode(node)) return;
    if (/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      const { body } = node as Body; // every function node has one
      const call = `globalThis.${ENTER}(${JSON.stringify(file)},${String(node.start)})`;
      if (isNode(body) && body.type === 'BlockStatement') inserts.push({ at: body.start + 1, text: `${call};` });
      else if (isNode(body)) inserts.push({ at: body.start, text: `(${call},` }, { at: body.end, text: ')' });
    }
    for (const value of Object.values(node)) if (typeof value === 'object' && value !== null) visit(value);
  };
  visit(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }));
  return inserts
    .toSorted((a, b) => b.at - a.at)
    .reduce((text, { at, text: inserted }) => text.slice(0, at) + inserted + text.slice(at), source);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
