import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isObject } from '../../core/json.ts';
import type { Problem, Where } from '../../core/problem.ts';
import type { DocumentPath } from '../../schema/issue.ts';
import type { ConfigText, parseConfigText } from './config-text.ts';

const INCLUDE = 'include';

type Parsed = ReturnType<typeof parseConfigText>;

/** A part of a list or a whole value: the file that it comes from, and the number of items before it in the merged list. */
interface Source {
  readonly text: ConfigText;
  readonly before: number;
}

/**
 * A configuration with the files that it includes, by LiteLLM's rules (proxy/common_utils/config_includes.py, 1.108.7): lists are
 * joined, other values are replaced by those of the included file. A path is relative to the file that names it, or else to the root
 * file. A file that was read is not read again, so files may include each other.
 */
export async function withIncluded(
  root: ConfigText,
  read: (file: string, from: Where) => Promise<Parsed>,
): Promise<Parsed> {
  if (!isObject(root.value) || !(INCLUDE in root.value)) return { parsed: root };
  const merged = new Map<string, unknown>();
  const sources = new Map<string, readonly Source[]>();
  const seen = new Set([resolve(root.file)]);
  const waiting = [root];
  const warnings: Problem[] = [];
  for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
    if (!isObject(text.value)) return { problems: [notMapping(text)] };
    for (const [key, value] of Object.entries(text.value))
      if (key !== INCLUDE) merge(key, value, text, merged, sources);
    warnings.push(...text.warnings);
    const names = namesIn(text);
    if ('problems' in names) return names;
    for (const { name, where } of names.names) {
      const file = placeOf(name, text.file, root.file);
      if (seen.has(resolve(file))) continue;
      seen.add(resolve(file));
      const included = await read(file, where);
      if ('problems' in included) return included;
      waiting.push(included.parsed);
    }
  }
  const whereOf = (path: DocumentPath): Where => {
    const [source, own] = sourceOf(path, sources) ?? [root, path];
    return source.whereOf(own);
  };
  return { parsed: { file: root.file, value: Object.fromEntries(merged), whereOf, warnings } };
}

function merge(
  key: string,
  value: unknown,
  text: ConfigText,
  merged: Map<string, unknown>,
  sources: Map<string, readonly Source[]>,
): void {
  const known = merged.get(key);
  if (Array.isArray(known) && Array.isArray(value)) {
    merged.set(key, [...(known as unknown[]), ...(value as unknown[])]);
    sources.set(key, [...(sources.get(key) ?? []), { text, before: known.length }]);
  } else {
    merged.set(key, value);
    sources.set(key, [{ text, before: 0 }]);
  }
}

/** The file that a path of the merged document comes from, and the path in that file. */
function sourceOf(
  [key, index, ...rest]: DocumentPath,
  sources: ReadonlyMap<string, readonly Source[]>,
): readonly [ConfigText, DocumentPath] | undefined {
  const all = sources.get(String(key)) ?? [];
  const source = typeof index === 'number' ? all.findLast(({ before }) => before <= index) : all[0];
  if (key === undefined || source === undefined) return undefined;
  const at = typeof index === 'number' ? index - source.before : index;
  return [source.text, at === undefined ? [key] : [key, at, ...rest]];
}

function namesIn(
  text: ConfigText,
): { readonly names: readonly { readonly name: string; readonly where: Where }[] } | { readonly problems: [Problem] } {
  const list = isObject(text.value) ? text.value[INCLUDE] : undefined;
  if (list === undefined) return { names: [] };
  if (Array.isArray(list) && list.every((name) => typeof name === 'string'))
    return { names: list.map((name, index) => ({ name, where: text.whereOf([INCLUDE, index]) })) };
  const problem: Problem = {
    code: 'config.wrong-value',
    summary: INCLUDE,
    detail: 'Expected a list of file paths, found another value.',
    fix: 'write include as a list: [models.yaml]',
    where: text.whereOf([INCLUDE]),
  };
  return { problems: [problem] };
}

/** Older files of LiteLLM name files beside the root file in nested ones. */
function placeOf(name: string, from: string, root: string): string {
  const own = resolve(dirname(from), name);
  const besideRoot = resolve(dirname(root), name);
  return existsSync(own) || !existsSync(besideRoot) ? own : besideRoot;
}

function notMapping({ file }: ConfigText): Problem {
  return {
    code: 'config.wrong-value',
    summary: 'the included file is no mapping',
    detail: 'Expected keys such as model_list in an included file, found another value.',
    fix: 'correct the file, or remove it from include',
    where: { file },
  };
}
