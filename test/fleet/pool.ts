import { Worker } from 'node:worker_threads';
import { runTask, type Task, type TaskResult } from './run.ts';

/** Runs tasks in so many threads, and returns their results in the order of the tasks. */
export async function runTasks(
  tasks: readonly Task[],
  jobs: number,
  onResult: (result: TaskResult) => void,
): Promise<readonly TaskResult[]> {
  const results: TaskResult[] = [];
  const add = (index: number, result: TaskResult): void => {
    results[index] = result;
    onResult(result);
  };
  if (jobs === 1) for (const [index, task] of tasks.entries()) add(index, runTask(task));
  else {
    const left = [...tasks.entries()];
    await Promise.all(Array.from({ length: jobs }, () => work(left, add)));
  }
  return results;
}

async function work(left: [number, Task][], add: (index: number, result: TaskResult) => void): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url));
  try {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, task] = next;
      add(index, await resultFrom(worker, task));
    }
  } finally {
    await worker.terminate();
  }
}

async function resultFrom(worker: Worker, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (result: TaskResult) => {
      worker.off('error', reject);
      resolve(result);
    });
    worker.postMessage(task);
  });
}
