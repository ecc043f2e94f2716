import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';

const TYPES = { A: 1, AAAA: 28 } as const;
const HEADER_BYTES = 12;

/** A server for names on loopback (RFC 1035), which says something else each time where it is told to. */
export class NameServer implements AsyncDisposable {
  /** How often it was asked for the addresses of a host. */
  asked = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly answers: readonly (readonly string[])[],
  ) {
    socket.on('message', (query, { port, address }) => socket.send(this.answerTo(query), port, address));
  }

  /** @param answers the IPv4 addresses of every host: at first, and at each time after; the last one from there on */
  static async start(...answers: readonly (readonly string[])[]): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, answers);
  }

  /** What asks this server alone. */
  resolver(): Resolver {
    const resolver = new Resolver({ timeout: 1_000, tries: 2 });
    resolver.setServers([`127.0.0.1:${this.socket.address().port}`]);
    return resolver;
  }

  private answerTo(query: Buffer): Buffer {
    // One question: a name as labels up to an empty one, its type and its class.
    const end = query.indexOf(0, HEADER_BYTES) + 5;
    const question = query.subarray(HEADER_BYTES, end);
    const isForIpv4 = question.readUInt16BE(question.length - 4) === TYPES.A;
    const addresses = isForIpv4 ? (this.answers[Math.min(this.asked, this.answers.length - 1)] ?? []) : [];
    if (isForIpv4) this.asked += 1;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    // A response, recursion available, no error.
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((address) => {
      // A pointer to the name; A, IN, a second to live, four bytes.
      const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPES.A, 0, 1, 0, 0, 0, 1, 0, 4]);
      return Buffer.concat([record, Buffer.from(address.split('.').map(Number))]);
    });
    return Buffer.concat([header, question, ...records]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
  }
}
