import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import dnsPacket, { type DecodedPacket, type RecordType } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { askTcp, askUdp, type Endpoint } from '../../../src/faults/dns-chaos/forward.ts';
import { rcodes, readAnswer } from '../../../src/faults/dns-chaos/message.ts';
import { MessageReader, withLength } from '../../../src/faults/dns-chaos/tcp-framing.ts';
import { onCleanup, startScriptedServer, startServer } from './support.ts';

const hosts = {
  '*.example.test': '127.0.0.2',
  'exact.example.test': '127.0.0.3',
  '*.b.example.test': '127.0.0.4',
};

function query(name: string, type: RecordType = 'A', id = 4711): Buffer {
  return dnsPacket.encode({
    type: 'query',
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
  });
}

async function ask(endpoint: Endpoint, name: string, type: RecordType = 'A'): Promise<DecodedPacket> {
  const answer = await askUdp(query(name, type), endpoint, 3000);
  if (!answer) throw new Error('no answer');
  return dnsPacket.decode(answer);
}

async function addresses(endpoint: Endpoint, name: string, type: RecordType = 'A'): Promise<string[]> {
  return [...readAnswer(dnsPacket.encode(await ask(endpoint, name, type))).addresses];
}

const rcodeOf = (packet: DecodedPacket) => (packet.flags ?? 0) & 15;

describe('names of its own', () => {
  it('are answered by the most exact entry, without case, and never kept', async () => {
    const { endpoint } = await startServer(hosts);
    expect(await addresses(endpoint, 'a.example.test')).toEqual(['127.0.0.2']);
    expect(await addresses(endpoint, 'EXACT.Example.test')).toEqual(['127.0.0.3']);
    expect(await addresses(endpoint, 'a.b.example.test')).toEqual(['127.0.0.4']);
    const packet = await ask(endpoint, 'a.example.test');
    expect(packet).toMatchObject({ id: 4711, flag_qr: true, flag_rd: true, flag_ra: true });
    expect(packet.answers).toMatchObject([{ ttl: 0, name: 'a.example.test' }]);
  });

  it('exist, but have no IPv6 address or other records', async () => {
    const { endpoint } = await startServer(hosts);
    for (const type of ['AAAA', 'MX', 'HTTPS' as RecordType] as const) {
      const packet = await ask(
        endpoint,
        'a.example.test',
        type === ('HTTPS' as RecordType) ? ('UNKNOWN_65' as RecordType) : type,
      );
      expect([rcodeOf(packet), packet.answers]).toEqual([rcodes.noError, []]);
    }
  });

  it('are answered over TCP, several on one connection', async () => {
    const { endpoint } = await startServer(hosts);
    const socket = connect(endpoint.port, endpoint.address);
    onCleanup(() => void socket.destroy());
    const reader = new MessageReader();
    const answers: Buffer[] = [];
    socket.on('data', (bytes) => answers.push(...reader.read(bytes)));
    const both = Buffer.concat([
      withLength(query('a.example.test')),
      withLength(query('exact.example.test')),
    ]);
    // In pieces, as a network may deliver them.
    for (const byte of both) {
      socket.write(Buffer.of(byte));
    }
    await expect
      .poll(() => answers.map((raw) => readAnswer(raw).addresses))
      .toEqual([['127.0.0.2'], ['127.0.0.3']]);
  });
});

describe('other names', () => {
  it('are answered by the upstream, as it says', async () => {
    const upstream = await startScriptedServer(({ questions }) => ({
      flags: questions![0]!.name === 'known.test' ? 0 : 3,
      answers:
        questions![0]!.name === 'known.test'
          ? [{ type: 'A', name: 'known.test', ttl: 77, data: '10.1.1.1' }]
          : [],
    }));
    const { endpoint } = await startServer({}, [upstream]);
    expect((await ask(endpoint, 'known.test')).answers).toMatchObject([{ ttl: 77, data: '10.1.1.1' }]);
    expect(rcodeOf(await ask(endpoint, 'unknown.test'))).toBe(3);
  });

  it('go to the next upstream when one is silent or closed', async () => {
    const silent = createSocket('udp4');
    silent.bind(0, '127.0.0.1');
    await once(silent, 'listening');
    onCleanup(() => void silent.close());
    const good = await startServer({ 'known.test': '10.1.1.1' });
    const { endpoint } = await startServer({}, [
      { address: '127.0.0.1', port: silent.address().port },
      { address: '127.0.0.1', port: 1 },
      good.endpoint,
    ]);
    expect(await addresses(endpoint, 'known.test')).toEqual(['10.1.1.1']);
  });

  it('fail when there is no upstream, or none answers', async () => {
    const without = await startServer({});
    expect(rcodeOf(await ask(without.endpoint, 'known.test'))).toBe(rcodes.serverFailure);
    const closed = await startServer({}, [{ address: '127.0.0.1', port: 1 }]);
    expect(rcodeOf(await ask(closed.endpoint, 'known.test'))).toBe(rcodes.serverFailure);
  });

  it('come truncated over UDP and whole over TCP', async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({
      type: 'A' as const,
      name: 'many.test',
      ttl: 1,
      data: `10.0.0.${i}`,
    }));
    const upstream = await startScriptedServer((_query, transport) =>
      transport === 'udp' ? { flags: dnsPacket.TRUNCATED_RESPONSE, answers: [] } : { answers: many },
    );
    const { endpoint } = await startServer({}, [upstream]);
    expect(await ask(endpoint, 'many.test')).toMatchObject({ flag_tc: true });
    const whole = await askTcp(query('many.test'), endpoint, 1000);
    expect(readAnswer(whole!).addresses).toHaveLength(100);
  });
});

describe('a fault', () => {
  it('refuses what matches, counts it, and is over at once', async () => {
    const { server, endpoint } = await startServer(hosts);
    const fault = server.disturb({ action: 'error', patterns: ['*.example.test'] });
    for (const type of ['A', 'AAAA', 'MX'] as const) {
      expect(rcodeOf(await ask(endpoint, 'a.example.test', type))).toBe(rcodes.serverFailure);
    }
    await ask(endpoint, 'other.test');
    expect(fault.hits()).toBe(3);
    fault.remove();
    fault.remove();
    expect(await addresses(endpoint, 'a.example.test')).toEqual(['127.0.0.2']);
    expect(fault.hits()).toBe(3);
  });

  it('gives random addresses, the same for the same seed', async () => {
    const draw = async () => {
      const { server, endpoint } = await startServer(hosts);
      server.disturb({ action: 'random', patterns: [] });
      const list = [];
      for (let i = 0; i < 5; i++) {
        list.push(
          ...(await addresses(endpoint, 'a.example.test')),
          ...(await addresses(endpoint, 'x.test', 'AAAA')),
        );
      }
      return list;
    };
    const first = await draw();
    expect(new Set(first).size).toBe(10);
    for (const address of first) expect(address).toMatch(/^(198\.1[89]\.\d+\.\d+|2001:db8:.+)$/);
    expect(await draw()).toEqual(first);
  });

  it('leaves other records alone when it gives random addresses', async () => {
    const { server, endpoint } = await startServer(hosts);
    const fault = server.disturb({ action: 'random', patterns: [] });
    expect(rcodeOf(await ask(endpoint, 'a.example.test', 'MX'))).toBe(rcodes.noError);
    expect(fault.hits()).toBe(0);
  });

  it('is one of several, taken away in any order', async () => {
    const { server, endpoint } = await startServer(hosts);
    const first = server.disturb({ action: 'error', patterns: ['a.*'] });
    const second = server.disturb({ action: 'error', patterns: ['b.*'] });
    await ask(endpoint, 'a.example.test');
    first.remove();
    expect(rcodeOf(await ask(endpoint, 'a.example.test'))).toBe(rcodes.noError);
    expect(rcodeOf(await ask(endpoint, 'b.example.test'))).toBe(rcodes.serverFailure);
    expect([first.hits(), second.hits()]).toEqual([1, 1]);
  });

  it('is seen by a check of our own, which is no hit', async () => {
    const { server, endpoint } = await startServer(hosts);
    const what = { action: 'error', patterns: ['*.example.test'] } as const;
    const fault = server.disturb(what);
    const check = () => server.check('x.example.test', (raw) => askUdp(raw, endpoint, 1000));
    expect(await check()).toMatchObject({ arrived: true, disturbedBy: what, answer: { rcode: 2 } });
    expect(fault.hits()).toBe(0);
    fault.remove();
    expect(await check()).toMatchObject({ arrived: true, answer: { rcode: 0, addresses: ['127.0.0.2'] } });
    await server.close();
    expect(await check()).toMatchObject({ arrived: false, answer: undefined });
  });
});

describe('what is not a query', () => {
  it.each([
    ['too short', Buffer.from([1, 2, 3]), undefined],
    ['a response', dnsPacket.encode({ type: 'response', id: 9 }), undefined],
    ['another opcode', Buffer.concat([Buffer.from([0, 9, 0x28, 0]), Buffer.alloc(8)]), rcodes.notImplemented],
    ['no question', dnsPacket.encode({ type: 'query', id: 9 }), rcodes.formatError],
    ['a question cut off', query('a.example.test').subarray(0, 20), rcodes.formatError],
    ['a label that is no text', query('aaaa.test').fill(0xff, 13, 17), rcodes.formatError],
    [
      'a name that points at itself',
      Buffer.from('000901000001000000000000c00c00010001', 'hex'),
      rcodes.formatError,
    ],
  ])('%s', async (_what, raw, rcode) => {
    const { endpoint } = await startServer(hosts);
    const answer = await askUdpRaw(raw, endpoint);
    expect(answer && answer[3]! & 15).toBe(rcode);
    expect(await addresses(endpoint, 'a.example.test')).toEqual(['127.0.0.2']);
  });

  it('does not end the server, whatever it is', async () => {
    const { endpoint } = await startServer(hosts);
    const socket = createSocket('udp4');
    onCleanup(() => void socket.close());
    let state = 12345;
    for (let i = 0; i < 500; i++) {
      const noise = Buffer.from(query('a.example.test'));
      for (let flips = 0; flips < 4; flips++) {
        state = (state * 1103515245 + 12345) & 0x7fffffff;
        noise[state % noise.length] = (state >> 8) & 255;
      }
      socket.send(noise, endpoint.port, endpoint.address);
      // No faster than the server reads, or the kernel drops what it should see.
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await addresses(endpoint, 'a.example.test')).toEqual(['127.0.0.2']);
  });
});

/** Sends anything and waits a little for anything. */
function askUdpRaw(raw: Buffer, endpoint: Endpoint): Promise<Buffer | undefined> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(undefined), 150);
    const finish = (answer: Buffer | undefined) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.once('message', finish);
    socket.send(raw, endpoint.port, endpoint.address);
  });
}
