import { Secret } from '../core/secret.ts';

/** Stands for a value with parts, of which the reader may only have learned that it is there. */
export const PARTS = Symbol('parts');

/** A value without parts. */
export type Leaf = string | number | boolean | undefined | null | Secret | typeof PARTS;

/** Receives each value when it is read first, with its place: names of properties, keys of maps, indexes of lists. */
export type OnRead = (path: readonly string[], leaf: Leaf) => void;

/** The place of the names in a list, a map or an object, which were read together. */
export const NAMES = '(names)';

/**
 * A view of a value that reports everything that is read through it, so that a pure function of the view depends on nothing else. A value
 * of a kind that cannot be watched throws: nothing is read unnoticed.
 */
export function watchReads<T>(value: T, onRead: OnRead): T {
  const views = new Map<string, unknown>();
  const view = (part: unknown, path: readonly string[]): unknown => {
    // No name of a host's state has this character.
    const key = path.join('\u0000');
    if (views.has(key)) return views.get(key);
    onRead(path, isLeaf(part) ? part : PARTS);
    const made = isLeaf(part) ? part : viewOf(part, path);
    views.set(key, made);
    return made;
  };
  const viewOf = (part: unknown, path: readonly string[]): object => {
    if (part instanceof Map) return new WatchedMap(part, (name, one) => view(one, [...path, name]));
    if (part instanceof Set) onRead([...path, 'size'], part.size);
    if (part instanceof Set) return new Set([...part].map((one, index) => view(one, [...path, String(index)])));
    if (typeof part === 'object' && part !== null && isPlain(part))
      return watchedObject(part, (name, one) => view(one, [...path, name]));
    throw new Error(`${path.join(' ')} cannot be watched`);
  };
  // The view has the shape of the value: each of its parts is the value's own, or a view of it.
  return view(value, []) as T;
}

function isLeaf(part: unknown): part is Leaf {
  return part === null || part instanceof Secret || !['object', 'function', 'symbol', 'bigint'].includes(typeof part);
}

function isPlain(part: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(part);
  return Array.isArray(part) || prototype === Object.prototype || prototype === null;
}

type View = (name: string, part: unknown) => unknown;

/** A stand-in is the target, since a proxy of a frozen object may return no views of its parts. */
function watchedObject(value: object, view: View): object {
  const shape: object = Array.isArray(value) ? [] : {};
  const names = (): readonly string[] => Object.keys(value);
  return new Proxy(shape, {
    get: (_shape, name, receiver) => {
      if (typeof name === 'symbol') return Reflect.get(shape, name, receiver);
      // Methods of lists work on the view, through its indexes and its length.
      if (!Object.hasOwn(value, name) && name in shape) return Reflect.get(shape, name, receiver);
      return view(name, Reflect.get(value, name));
    },
    has: (_shape, name) => {
      if (typeof name === 'symbol') return Reflect.has(value, name);
      view(`${name}?`, Object.hasOwn(value, name));
      return Reflect.has(value, name);
    },
    ownKeys: () => {
      view(NAMES, JSON.stringify(names()));
      return Reflect.ownKeys(value);
    },
    getOwnPropertyDescriptor: (_shape, name) => {
      if (typeof name === 'symbol') return undefined;
      if (Array.isArray(value) && name === 'length') return Reflect.getOwnPropertyDescriptor(shape, name);
      if (!Object.hasOwn(value, name)) {
        view(`${name}?`, false);
        return undefined;
      }
      return { value: view(name, Reflect.get(value, name)), enumerable: true, configurable: true, writable: true };
    },
  });
}

/** A map whose reads are reported: a key that is asked for, its value, and all keys where it is walked through. */
class WatchedMap extends Map<unknown, unknown> {
  readonly #map: ReadonlyMap<unknown, unknown>;
  readonly #view: View;

  constructor(map: ReadonlyMap<unknown, unknown>, view: View) {
    super();
    this.#map = map;
    this.#view = view;
  }

  override get(key: unknown): unknown {
    return this.#view(String(key), this.#map.get(key));
  }

  override has(key: unknown): boolean {
    this.#view(`${String(key)}?`, this.#map.has(key));
    return this.#map.has(key);
  }

  override get size(): number {
    this.#view('size', this.#map.size);
    return this.#map.size;
  }

  override *entries(): MapIterator<[unknown, unknown]> {
    this.#view(NAMES, JSON.stringify([...this.#map.keys()].map(String)));
    for (const [key, value] of this.#map) yield [key, this.#view(String(key), value)];
  }

  override *keys(): MapIterator<unknown> {
    this.#view(NAMES, JSON.stringify([...this.#map.keys()].map(String)));
    yield* this.#map.keys();
  }

  override *values(): MapIterator<unknown> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries();
  }

  override forEach(each: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this);
  }
}
