import { runPlain, runStreams } from './load.ts';
import { cpuUs, memoryMiB, processTree } from './process-cost.ts';
import type { Started } from './proxy.ts';

/** The size of a measurement. */
export interface Effort {
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second of the even load. */
  readonly rate: number;
  readonly streams: number;
  readonly gapMs: number;
}

/** The cost of one proxy in one round; times of a client in ms. */
export interface Measure {
  readonly requestUs: number;
  /** The same at a rate that leaves the processes idle now and then. */
  readonly evenUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly chunkUs: number;
  readonly firstP50Ms: number;
  readonly firstP99Ms: number;
  readonly pssMiB: number;
  readonly failures: number;
}

/** Measures a proxy after a warm-up under the same load. */
export async function measure(
  { port, pid }: Started,
  { seconds, connections, rate, streams, gapMs }: Effort,
): Promise<Measure> {
  const look = (): number => cpuUs(processTree(pid));
  await runPlain(port, connections, Math.max(1500, seconds * 500));
  const before = look();
  const plain = await runPlain(port, connections, seconds * 1000);
  const requestUs = (look() - before) / plain.requests;
  const beforeEven = look();
  const even = await runPlain(port, connections, seconds * 1000, rate);
  const evenUs = (look() - beforeEven) / even.requests;
  const plan = { streams, gapMs, pieces: Math.ceil((seconds * 1000) / gapMs) };
  await runStreams(port, { ...plan, pieces: Math.ceil(1000 / gapMs) }, look);
  const streamed = await runStreams(port, plan, look);
  return {
    requestUs,
    evenUs,
    perSecond: plain.requests / plain.seconds,
    p50Ms: quantile(plain.latenciesMs, 0.5),
    p99Ms: quantile(plain.latenciesMs, 0.99),
    chunkUs: (streamed.looks[1] - streamed.looks[0]) / streamed.events,
    firstP50Ms: quantile(streamed.firstMs, 0.5),
    firstP99Ms: quantile(streamed.firstMs, 0.99),
    pssMiB: memoryMiB(processTree(pid), 'Pss'),
    failures: plain.failures + even.failures + streamed.failures,
  };
}

/** A quantile of ascending numbers. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** The median of any numbers. */
export function median(numbers: readonly number[]): number {
  return quantile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );
}
