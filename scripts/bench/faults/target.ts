import { type Running, startProgram } from './processes.ts';

/** target-program.ts as a process. */
export interface Target extends Running {
  readonly ports: Ports;
}

export type Ports = Readonly<Record<'udp' | 'tcp' | 'http', number>>;

export async function startTarget(): Promise<Target> {
  const running = await startProgram('target-program.ts');
  return { ...running, ports: JSON.parse(running.line) as Ports };
}
