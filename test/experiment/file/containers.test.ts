// Container targets and ContainerChaos as an experiment writes them; the mistakes that need no engine to be seen.

import { expect, it } from 'vitest';
import { resolveTarget, targetSchema } from '../../../src/experiment/file/targets.ts';
import { containerChaosSchema } from '../../../src/faults/container-chaos/spec.ts';
import { engineSockets } from '../../../src/faults/targets/container/sockets.ts';

const messagesOf = (schema: typeof targetSchema | typeof containerChaosSchema, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

it('a container is named by its name, its id or labels', () => {
  const target = (container: unknown) => resolveTarget('web', targetSchema.parse({ container }), '/').kind;
  expect(target({ name: 'shop' })).toMatchObject({ type: 'container', by: { name: 'shop' } });
  expect(target({ id: '0123456789ab', runtime: 'podman' })).toMatchObject({
    by: { id: '0123456789ab' },
    runtime: 'podman',
  });
  expect(target({ labels: { app: 'shop' }, socket: 'unix:///run/x.sock' })).toMatchObject({
    by: { labels: { app: 'shop' } },
    socket: 'unix:///run/x.sock',
  });
});

it('says what is wrong with a container', () => {
  expect(messagesOf(targetSchema, { container: {} })).toEqual(['container: no container is named']);
  expect(messagesOf(targetSchema, { container: { name: 'a', labels: { b: 'c' } } })).toEqual([
    'container: named in 2 ways',
  ]);
  expect(messagesOf(targetSchema, { container: { id: 'web' } })).toEqual([
    'container.id: not the id of a container',
  ]);
  expect(messagesOf(targetSchema, { container: { labels: {} } })).toEqual([
    'container.labels: no label is given',
  ]);
  expect(messagesOf(targetSchema, { container: { name: 'a', socket: 'tcp://host:2375' } })).toEqual([
    'container.socket: not the path of a unix socket',
  ]);
  expect(
    messagesOf(targetSchema, {
      container: { name: 'a' },
      proxy: { listen: '127.0.0.1:1', upstream: '127.0.0.1:2' },
    }),
  ).toEqual([': not of one kind']);
});

it('says what is wrong with a ContainerChaos', () => {
  const messages = (spec: unknown) => messagesOf(containerChaosSchema, spec);
  expect(messages({ action: 'limit' })).toEqual([': no limit is given']);
  expect(messages({ action: 'limit', limits: {} })).toEqual([': no limit is given']);
  expect(messages({ action: 'limit', limits: { memory: '1MB' } })).toEqual([
    'limits.memory: "1MB" is no memory limit',
  ]);
  expect(messages({ action: 'stop', networks: ['shop'] })).toEqual([
    'networks: networks means nothing for stop',
  ]);
  expect(containerChaosSchema.parse({ action: 'restart' })).toEqual({ action: 'restart', graceSeconds: 10 });
});

it('looks for engines where the environment says, else where they usually listen', () => {
  expect(engineSockets({ DOCKER_HOST: 'unix:///run/a.sock' }, 0)).toEqual(['/run/a.sock']);
  expect(engineSockets({ CONTAINER_HOST: 'unix:///run/b.sock', DOCKER_HOST: '' }, 0)).toEqual([
    '/run/b.sock',
  ]);
  expect(engineSockets({}, 1000)).toEqual([
    '/var/run/docker.sock',
    '/run/user/1000/docker.sock',
    '/run/podman/podman.sock',
    '/run/user/1000/podman/podman.sock',
  ]);
  expect(() => engineSockets({ DOCKER_HOST: 'tcp://10.0.0.1:2375' }, 0)).toThrow(/no unix socket/);
});
