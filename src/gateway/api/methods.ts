import { ENDPOINTS } from './endpoints.ts';

const METHODS: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^(?:\/v1)?\/models(?:\/.*)?$/, 'GET, HEAD, OPTIONS'],
  [/^\/(?:metrics|health)$/, 'GET, HEAD, OPTIONS'],
  [/^\/health\/(?:liveliness|liveness|readiness)$/, 'GET, HEAD, OPTIONS'],
  [/^\/$/, 'GET, HEAD, OPTIONS'],
  [/^\/api\/(?:tags|ps|version)$/, 'GET, HEAD, OPTIONS'],
  [/^\/api\/show$/, 'POST, OPTIONS'],
  [/^\/api\/(?:pull|push|create|copy|delete|blobs\/.*)$/, 'POST, DELETE, OPTIONS'],
];

/** The methods of a path, as the value of an `allow` header; `undefined` for a path that does not exist. */
export function allowedMethods(path: string): string | undefined {
  if (ENDPOINTS.some(({ paths }) => paths.includes(path))) return 'POST, OPTIONS';
  return METHODS.find(([pattern]) => pattern.test(path))?.[1];
}
