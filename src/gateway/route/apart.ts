import { isSameModel } from '../../core/model-name.ts';
import { includesModel } from './in-memory.ts';

/** The models that a backend could not hold together, whatever room is stated for it: of each set one left for the load of another. */
export interface Apart {
  sets: readonly ApartModels[];
  /** The models that were in memory when the last load began. */
  before: readonly string[];
  /** The model of the last load, until a list has shown what it left of those. */
  loaded: { readonly model: string; readonly endedMs: number } | undefined;
}

interface Named {
  readonly model: string;
}

interface ApartModels {
  readonly names: readonly string[];
  readonly seenMs: number;
}

const MOST_SETS = 64;
/** Then they are tried together again: another client may have unloaded the one, or have left memory since, ms. */
const REMEMBERED_MS = 600_000;

/** Nothing was seen. */
export function nothingApart(): Apart {
  return { sets: [], before: [], loaded: undefined };
}

/** Whether a model is known not to fit beside those that are listed. */
export function isApart({ sets }: Apart, listed: readonly string[], model: string): boolean {
  return sets.some(({ names }) => names.every((name) => isSameModel(name, model) || includesModel(listed, name)));
}

/** The load of a model begins while these models are in memory. */
export function observeBefore(apart: Apart, resident: readonly Named[], loading: Named): void {
  apart.before = resident.filter((one) => one !== loading).map(({ model }) => model);
  apart.loaded = undefined;
}

/** A load has ended: the next list shows what it left. */
export function observeLoaded(apart: Apart, model: string, nowMs: number): void {
  apart.loaded = apart.before.length === 0 ? undefined : { model, endedMs: nowMs };
}

/** A list while the server loads nothing. */
export function observeLeft(apart: Apart, listed: readonly string[], askedMs: number): void {
  const { before, loaded } = apart;
  if (apart.sets.length > 0)
    apart.sets = apart.sets.filter(
      ({ names, seenMs }) => askedMs - seenMs < REMEMBERED_MS && !names.every((name) => includesModel(listed, name)),
    );
  if (loaded === undefined || askedMs < loaded.endedMs) return;
  apart.loaded = undefined;
  if (!includesModel(listed, loaded.model) || before.every((name) => includesModel(listed, name))) return;
  const names = [...before, loaded.model];
  const others = apart.sets.filter((known) => !isSame(known.names, names));
  apart.sets = [...others, { names, seenMs: askedMs }].slice(-MOST_SETS);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
