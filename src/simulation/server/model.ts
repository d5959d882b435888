/** A model, at the speed of a server of speed 1. */
export interface SimModel {
  readonly name: string;
  /** Tokens a second of one prompt. */
  readonly prefill: number;
  /** Tokens a second of one answer alone. */
  readonly decode: number;
  readonly loadMs: number;
  /** Where its weights lie: the order in which Ollama evicts models that are otherwise equal. */
  readonly blob: string;
}

/** Speeds of a model of 8 billion parameters on one server. */
const EIGHT = { prefill: 3500, decode: 95, loadMs: 6000 };
/** Tokens of a prompt in one batch. */
const BATCH = 512;
/** Gain of each further answer in a batch. */
const BATCH_GAIN = 0.45;
/** Loss of several models that are busy at once: each gets the speed divided by their number to this power. */
const SHARING = 0.92;

/** A model of some billions of parameters. */
export function modelOf(name: string, billions: number, blob: string, loadMs?: number): SimModel {
  const factor = 8 / billions;
  return {
    name,
    prefill: EIGHT.prefill * factor,
    decode: EIGHT.decode * factor,
    loadMs: loadMs ?? EIGHT.loadMs / factor,
    blob,
  };
}

/** Tokens a second of all answers of a model together, if it gives that many at once. */
export function decodeTogether({ decode }: Pick<SimModel, 'decode'>, answers: number): number {
  return decode * (1 + BATCH_GAIN * (answers - 1));
}

/** Tokens a millisecond of the prompt that is being read, and of each answer. */
export interface Rates {
  readonly prefill: number;
  readonly decode: number;
}

/**
 * Rates of a model with the machine to itself. While a prompt is read, a batch holds 512 of its tokens and one of each answer; else
 * one of each answer.
 */
export function ratesOf(model: SimModel, isReading: boolean, answers: number): Rates {
  const stepMs = answers === 0 ? 0 : (answers / decodeTogether(model, answers)) * 1000;
  if (!isReading) return { prefill: 0, decode: answers === 0 ? 0 : 1 / stepMs };
  const batchMs = (BATCH / model.prefill) * 1000 + stepMs;
  return { prefill: BATCH / batchMs, decode: 1 / batchMs };
}

/** The part of a machine's speed that each of some busy models gets. */
export function shareOf(busyModels: number): number {
  return 1 / busyModels ** SHARING;
}
