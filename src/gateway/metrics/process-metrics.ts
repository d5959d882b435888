import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gauge, type Metric, type Sample } from './metric.ts';

const RESOLUTION_MS = 20;

/** Metrics of the process itself, under the names of Prometheus' own client libraries. */
export function createProcessMetrics(): { readonly metrics: readonly Metric[]; close(): void } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
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
  ];
  return { metrics, close: () => delay.disable() };
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
