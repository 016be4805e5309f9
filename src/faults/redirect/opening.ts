/**
 * The expression of nft(8) for the first packet of a connection. Without it the kernel would take the next packet of a
 * connection that it did not follow before for the first of one, and lead that astray.
 */
export const opening = 'tcp flags & (syn | ack) == syn';
