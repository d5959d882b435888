/**
 * Whether this is a job of CI (test/run.ts), on two slow cores. Some tests then take fewer cases of a kind; a whole run, and a file that is run by
 * itself, take all of them.
 */
export const IN_JOB = process.env['HXLLM_TEST_JOB'] === '1';
