// The zone's authoritative name server, over UDP. It answers its SOA record from the zone file, whatever that says: a name
// server does not know whether the zone that it was given is the latest one.
//
//   node server.js      PORT: where it listens on 127.0.0.1, 5300 if not given; ZONE_FILE: what it serves

import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet';
import { zone, zoneFile } from './zone.js';

const port = Number(process.env.PORT ?? 5300);
const refused = 5;
const serverFailure = 2;

/** The SOA record of the zone file as it is now. */
function soa() {
  const words = readFileSync(zoneFile, 'utf8').trim().split(/\s+/);
  const [name, ttl, , , mname, rname, ...numbers] = words;
  const [serial, refresh, retry, expire, minimum] = numbers.map(Number);
  const data = { mname, rname, serial, refresh, retry, expire, minimum };
  return { type: 'SOA', name: name.slice(0, -1), ttl: Number(ttl), data };
}

function answer({ id, questions }) {
  const [question] = questions;
  const response = { type: 'response', id, flags: AUTHORITATIVE_ANSWER, questions };
  if (question?.name !== zone) return { ...response, flags: refused };
  if (question.type !== 'SOA') return response;
  try {
    return { ...response, answers: [soa()] };
  } catch {
    return { ...response, flags: serverFailure };
  }
}

const socket = createSocket('udp4');
socket.on('message', (message, { port: from, address }) => {
  try {
    socket.send(encode(answer(decode(message))), from, address);
  } catch {
    // What is no question gets no answer.
  }
});
socket.bind(port, '127.0.0.1', () => console.log(`serving ${zone} on 127.0.0.1:${port}`));
