// What Firedrill and its helper inside a network namespace say to each other, over the channel between a Node.js
// process and its child. A socket belongs for ever to the namespace in which it was made, so the helper makes the
// sockets and hands them out; Firedrill serves them itself, and no byte is copied twice.

/** What to open: bind a UDP socket, listen on TCP, or connect by TCP. */
export interface Call {
  readonly open: 'udp' | 'listen' | 'connect';
  readonly address: string;
  readonly port: number;
  /** Where a connection comes from; the kernel chooses what is not said. */
  readonly from?: { readonly localAddress?: string; readonly localPort?: number };
}

/** An order to the helper. It answers with a DoorReply of the same id, and the socket beside it. */
export interface DoorOrder extends Call {
  readonly id: number;
}

interface DoorReply {
  readonly id: number;
  readonly error?: string;
}

/** Sent once in the beginning, and whenever programs began or ceased to listen on TCP inside. */
interface PortsReport {
  readonly listening: readonly number[];
  readonly localPorts: readonly [number, number];
}

export type HelperMessage = DoorReply | PortsReport;
