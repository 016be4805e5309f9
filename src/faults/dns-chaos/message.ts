// Queries and answers on the wire (RFC 1035, EDNS: RFC 6891), as far as our server has to understand them.

import { randomBytes } from 'node:crypto';
import dnsPacket, { type Answer, type DecodedPacket, type Question } from 'dns-packet';

/** RFC 1035, section 4.1.1; RFC 6895, section 2.3. */
export const rcodes = { noError: 0, formatError: 1, serverFailure: 2, notImplemented: 4 } as const;

export interface Query {
  readonly raw: Buffer;
  readonly packet: DecodedPacket;
  readonly question: Question;
}

/** A query, or the answer that a message deserves which is not one; undefined when it deserves none. */
export function readQuery(
  raw: Buffer,
): { readonly query: Query } | { readonly refusal: Buffer } | { readonly refusal: undefined } {
  const isResponse = raw.length < 12 || (raw[2]! & 0x80) !== 0;
  if (isResponse) return { refusal: undefined };
  const opcode = (raw[2]! >> 3) & 0x0f;
  if (opcode !== 0) return { refusal: bareAnswer(raw, rcodes.notImplemented) };
  try {
    const packet = dnsPacket.decode(raw);
    const [question, ...more] = packet.questions ?? [];
    if (!question || more.length > 0 || !survives(raw, question)) {
      return { refusal: bareAnswer(raw, rcodes.formatError) };
    }
    return { query: { raw, packet, question } };
  } catch {
    return { refusal: bareAnswer(raw, rcodes.formatError) };
  }
}

/** An answer of our own. Its TTL is 0, so that nobody keeps it beyond the fault. */
export function answer(query: Query, rcode: number, addresses: readonly string[] = []): Buffer {
  const { packet, question } = query;
  const type = question.type === 'AAAA' ? 'AAAA' : 'A';
  const asked = packet.flags ?? 0;
  const edns = packet.additionals?.some((record) => record.type === 'OPT') ?? false;
  return dnsPacket.encode({
    type: 'response',
    id: packet.id ?? 0,
    flags: (asked & dnsPacket.RECURSION_DESIRED) | dnsPacket.RECURSION_AVAILABLE | rcode,
    questions: [question],
    answers: addresses.map((data) => ({ name: question.name, type, class: 'IN', ttl: 0, data })),
    additionals: edns ? [optRecord([])] : [],
  });
}

/**
 * A query of our own, to see what the server answers. It carries a token in an EDNS option of the range for local
 * use, by which the server knows it and does not count it.
 */
export function checkQuery(name: string, token: string): Buffer {
  return dnsPacket.encode({
    type: 'query',
    id: randomBytes(2).readUInt16BE(0),
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: 'A', name, class: 'IN' }],
    additionals: [optRecord([{ code: checkOptionCode, data: Buffer.from(token) }])],
  });
}

/** The token of a query of our own. */
export function checkToken(query: Query): string | undefined {
  const opt = query.packet.additionals?.find((record) => record.type === 'OPT');
  if (!opt) return undefined;
  const { options } = opt as unknown as { options: readonly LocalOption[] };
  return options.find((option) => option.code === checkOptionCode)?.data.toString();
}

/** What an answer says: its return code and the addresses in it. */
export function readAnswer(raw: Buffer): { readonly rcode: number; readonly addresses: readonly string[] } {
  const packet = dnsPacket.decode(raw);
  const addresses = (packet.answers ?? []).flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? [record.data] : [],
  );
  return { rcode: (packet.flags ?? 0) & 0x0f, addresses };
}

export function rcodeName(rcode: number): string {
  return ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][rcode] ?? `RCODE${rcode}`;
}

/** RFC 6891, section 9: 65001 to 65534 are for local and experimental use. */
const checkOptionCode = 65_001;

/** Fits an unfragmented packet on any usual link (DNS Flag Day 2020). */
const udpPayloadBytes = 1232;

interface LocalOption {
  readonly code: number;
  readonly data: Buffer;
}

function optRecord(options: readonly LocalOption[]): Answer {
  const record = { type: 'OPT', name: '.', udpPayloadSize: udpPayloadBytes, flags: 0, options };
  // The library's types list the options that it knows by name; it writes others as they are.
  return record as unknown as Answer;
}

/** Whether the question can be written as it was read: labels that are not UTF-8, or hold a dot, cannot. */
function survives(raw: Buffer, question: Question): boolean {
  const written = dnsPacket.encode({ questions: [question] }).subarray(12);
  return raw.subarray(12, 12 + written.length).equals(written);
}

/** Header only: for messages whose question we could not read. */
function bareAnswer(raw: Buffer, rcode: number): Buffer {
  const header = Buffer.alloc(12);
  raw.copy(header, 0, 0, 2);
  header[2] = 0x80 | (raw[2]! & 0x79);
  header[3] = 0x80 | rcode;
  return header;
}
