import type { Socket } from 'node:net';

/** What a client may say before it is connected on. */
const greetingBytesMax = 64 * 2 ** 10;

/**
 * Keeps a connection from the upstream until `healed`. False when the client gave up before: across a real partition
 * its connection would never have come to be, and nothing of it may reach the upstream later.
 */
export async function holdBack(client: Socket, healed: Promise<void>): Promise<boolean> {
  const said: Buffer[] = [];
  let saidBytes = 0;
  const listen = (bytes: Buffer) => {
    said.push(bytes);
    saidBytes += bytes.length;
    if (saidBytes >= greetingBytesMax) client.pause();
  };
  client.on('data', listen);
  client.resume();
  const gaveUp = new Promise<void>((resolve) => {
    client.once('end', resolve);
    client.once('close', resolve);
  });
  const waited = await Promise.race([healed.then(() => true), gaveUp.then(() => false)]);
  const alive = waited && !client.destroyed;
  client.pause();
  client.off('data', listen);
  if (alive && said.length > 0) client.unshift(Buffer.concat(said));
  if (!alive) client.destroy();
  return alive;
}
