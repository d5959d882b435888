import { readdirSync } from 'node:fs';
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { Histogram } from './histogram.ts';
import { isObject } from '../../core/json.ts';
import { gauge, type Metric, type Sample } from './metric.ts';

const RESOLUTION_MS = 20;
const GC_S = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS: ReadonlyMap<unknown, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Metrics of the process itself, under the names of Prometheus' own client libraries. */
export function createProcessMetrics(): { readonly metrics: readonly Metric[]; close(): void } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const collections = new Histogram(
    {
      name: 'nodejs_gc_duration_seconds',
      help: 'Time of garbage collections in the main thread, by kind: minor, major, incremental or weakcb.',
      labelNames: ['kind'],
    },
    GC_S,
  );
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) collections.observe(entry.duration / 1000, [kindOf(entry)]);
  });
  observer.observe({ entryTypes: ['gc'] });
  const startedS = Date.now() / 1000 - process.uptime();
  const one = (
    name: string,
    help: string,
    read: () => number | undefined,
    type: 'gauge' | 'counter' = 'gauge',
  ): Metric => gauge({ name, help, labelNames: [] }, () => single(read()), type);
  const metrics = [
    one('process_cpu_seconds_total', 'User and system CPU time spent.', () => cpuSeconds(), 'counter'),
    one('process_resident_memory_bytes', 'Resident memory size.', () => process.memoryUsage.rss()),
    one('process_start_time_seconds', 'Start time, since 1970.', () => startedS),
    one('process_open_fds', 'Open file descriptors.', openDescriptors),
    one('nodejs_heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed),
    one('nodejs_eventloop_lag_p99_seconds', 'Delay of the event loop, 99th percentile since the last scrape.', () => {
      const lateNs = delay.percentile(99);
      delay.reset();
      return Math.max(0, lateNs / 1e9 - RESOLUTION_MS / 1000);
    }),
    collections,
  ];
  const close = (): void => {
    delay.disable();
    observer.disconnect();
  };
  return { metrics, close };
}

function kindOf(entry: object): string {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined;
  return GC_KINDS.get(isObject(detail) ? detail['kind'] : undefined) ?? 'other';
}

function single(value: number | undefined): readonly Sample[] {
  return value === undefined || Number.isNaN(value) ? [] : [{ labels: [], value }];
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function openDescriptors(): number | undefined {
  try {
    // One descriptor is that of the open directory.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
