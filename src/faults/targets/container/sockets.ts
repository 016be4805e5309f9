// Where container engines listen on this machine: what the environment names, else the places that Docker and Podman
// use by default, with and without root.

import { UserError } from '../../../base/diagnostics.ts';

export interface EngineEnvironment {
  readonly DOCKER_HOST?: string | undefined;
  readonly CONTAINER_HOST?: string | undefined;
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/**
 * Absolute paths, best first. `DOCKER_HOST` and `CONTAINER_HOST` (Podman's) stand for their engine alone, as for its
 * own client; FD523 when one of them names no unix socket, because processes of another machine are out of reach.
 */
export function engineSockets(env: EngineEnvironment, uid: number): string[] {
  const named = (['DOCKER_HOST', 'CONTAINER_HOST'] as const).flatMap((variable) => {
    const value = env[variable];
    return value ? [socketPath(value, `${variable}=${value}`)] : [];
  });
  if (named.length > 0) return [...new Set(named)];
  const own = env.XDG_RUNTIME_DIR || `/run/user/${uid}`;
  return [
    '/var/run/docker.sock',
    `${own}/docker.sock`,
    '/run/podman/podman.sock',
    `${own}/podman/podman.sock`,
  ];
}

/** Reads `unix:///path` or `/path`. */
export function socketPath(text: string, shown = text): string {
  const path = text.replace(/^unix:\/\//, '');
  if (path.startsWith('/')) return path;
  throw UserError.of('FD523', `${shown} is no unix socket`, {
    expected: 'unix:///path/to/engine.sock',
  });
}
