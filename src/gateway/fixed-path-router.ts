import type { Result, Router } from 'hono/router';
import { TrieRouter } from 'hono/router/trie-router';

/**
 * Hono's router for all kinds of paths, which looks each fixed path up once. The routes of models (`:id{.+}`) leave Hono no other
 * router, and its search takes 1 KB of memory for each request.
 */
export class FixedPathRouter<T> implements Router<T> {
  readonly name = 'FixedPathRouter';
  readonly #all = new TrieRouter<T>();
  /** The result for each fixed path, by method; `undefined` until it was asked for. */
  readonly #fixed = new Map<string, Map<string, Result<T> | undefined>>();

  add(method: string, path: string, handler: T): void {
    this.#all.add(method, path, handler);
    const paths = this.#fixed.get(method) ?? new Map<string, Result<T> | undefined>();
    this.#fixed.set(method, paths);
    if (!/[:*?{]/.test(path)) paths.set(path, undefined);
    // The new route may match a path that was looked up before.
    for (const known of this.#fixed.values()) for (const each of known.keys()) known.set(each, undefined);
  }

  match(method: string, path: string): Result<T> {
    const paths = this.#fixed.get(method);
    const known = paths?.get(path);
    if (known !== undefined) return known;
    const found = this.#all.match(method, path);
    if (paths?.has(path) === true) paths.set(path, found);
    return found;
  }
}
