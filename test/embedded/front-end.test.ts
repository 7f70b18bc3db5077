/** What only the embedded front end has: start and stop, IPv6, switches, restart. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startFrontEnd, type FrontEnd, type FrontEndOptions } from '../../lib/embedded/front-end.ts';
import { RawApp } from '../conformance/raw-app.ts';
import { freePort } from '../support/free-port.ts';
import { realTime } from '../support/real-time.ts';
import { reply, request } from '../support/sip/message.ts';
import { TcpPeer, UdpPeer } from '../support/sip/peer.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

function kept<T extends { close(): Promise<void> }>(one: T): T {
  open.push(one);
  return one;
}

async function started(options: FrontEndOptions = {}): Promise<FrontEnd> {
  return kept(await startFrontEnd({ listen: '127.0.0.1:0', ...options }));
}

function sipOf(frontEnd: FrontEnd, at = 0) {
  const { host, port } = frontEnd.addresses[at]!;
  return { host, port };
}

async function appOf(frontEnd: FrontEnd, verbs: readonly string[] = ['message']): Promise<RawApp> {
  return kept(await RawApp.open({ host: frontEnd.adminHost, port: frontEnd.adminPort }, 'cymru', verbs));
}

describe('start and stop', () => {
  it('serves UDP and TCP on one free port, and several addresses', async () => {
    const frontEnd = await started({ listen: '127.0.0.1:0, [::1]:0' });
    const [udp, tcp, udp6, tcp6] = frontEnd.addresses;
    expect([udp?.protocol, tcp?.protocol, udp6?.protocol, tcp6?.protocol]).toEqual([
      'udp',
      'tcp',
      'udp',
      'tcp',
    ]);
    expect(udp?.port).toBe(tcp?.port);
    expect([udp6?.host, tcp6?.port]).toEqual(['::1', udp6?.port]);
    expect(frontEnd.adminHost).toBe('127.0.0.1');
    expect(frontEnd.adminPort).toBeGreaterThan(0);
  });

  it.each(['udp', 'tcp'])(
    'says what is wrong when the %s port is taken, and leaves nothing open',
    async (protocol) => {
      const port = await freePort();
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      const socket = createSocket('udp4');
      socket.bind(port, '127.0.0.1');
      await once(socket, 'listening');
      if (protocol === 'udp') server.close();
      else socket.close();
      await expect(startFrontEnd({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
        code: 'SILO_CONFIG',
        message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      });
      if (protocol === 'udp') socket.close();
      else server.close();
      await (await startFrontEnd({ listen: `127.0.0.1:${port}` })).close();
    },
  );

  it('says so when the admin port is taken, and frees the SIP ports again', async () => {
    const first = await started();
    await expect(
      startFrontEnd({ listen: '127.0.0.1:0', admin: `127.0.0.1:${first.adminPort}` }),
    ).rejects.toMatchObject({ code: 'SILO_CONFIG' });
  });

  it('takes another secret', async () => {
    const frontEnd = await started({ secret: 'other' });
    const admin = { host: frontEnd.adminHost, port: frontEnd.adminPort };
    await expect(RawApp.open(admin, 'cymru')).rejects.toThrow('incorrect secret');
    kept(await RawApp.open(admin, 'other'));
  });

  it('cuts the apps and keeps the SIP state', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    phone.send(request(phone, 'MESSAGE'));
    const { transactionId } = await app.take();
    frontEnd.dropApps();
    await app.closed;
    const other = await appOf(frontEnd);
    await other.respond(transactionId, '200 OK');
    expect((await phone.take()).status).toBe(200);
  });

  it('loses everything in a restart and serves again on the same ports', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, ['message', 'subscribe']);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    const connection = kept(await TcpPeer.open(sipOf(frontEnd)));
    phone.send(
      request(phone, 'SUBSCRIBE', { headers: [`Contact: <sip:a@127.0.0.1:${phone.port}>`, 'Event: x'] }),
    );
    const echo = await app.respond((await app.take()).transactionId, '200 OK', ['Expires: 60']);
    await phone.take();
    phone.send(request(phone, 'MESSAGE'));
    const { transactionId } = await app.take();
    await frontEnd.restart();
    await Promise.all([app.closed, connection.closed]);
    const other = await appOf(frontEnd);
    expect((await other.respond(transactionId, '200 OK')).result).toContain('unknown transaction');
    const notify = await other.request('NOTIFY sip:placeholder SIP/2.0', [], { dialog: echo.tokens[11]! });
    expect(notify.result).toContain('unable to find dialog');
    phone.send(request(phone, 'MESSAGE'));
    await other.respond((await other.take()).transactionId, '202 Accepted');
    expect((await phone.take()).status).toBe(202);
  });

  it('answers a proxy frame with a clear no', async () => {
    const app = await appOf(await started());
    const answer = await app.call('proxy|id||||serial|||sip:a@b\r\nMESSAGE sip:a@b SIP/2.0\r\n\r\n');
    expect(answer.result).toMatch(/^NOK\|proxying is not supported/);
  });
});

describe('IPv6', () => {
  it('serves both ways over UDP and TCP, and marks a Via in brackets', async () => {
    const frontEnd = await started({ listen: '[::1]:0' });
    const app = await appOf(frontEnd);
    const sip = sipOf(frontEnd);
    for (const phone of [kept(await UdpPeer.open(sip)), kept(await TcpPeer.open(sip))]) {
      phone.send(request(phone, 'MESSAGE'));
      const frame = await app.take();
      expect(frame.tokens.slice(5, 7)).toEqual(['::1', `${phone.port}`]);
      expect(frame.message.header('via')).toContain(`[::1]:${phone.port};`);
      expect(frame.message.header('via')).not.toContain('received=');
      await app.respond(frame.transactionId, '200 OK');
      expect((await phone.take()).status).toBe(200);

      const transport = phone.transport.toLowerCase();
      await app.request(`OPTIONS sip:bob@[::1]:${phone.port};transport=${transport} SIP/2.0`, [
        'To: <sip:b@x>',
      ]);
      const options = await phone.take();
      expect(options.header('via')).toContain(`[::1]:${sip.port};`);
      expect(options.header('from')).toContain(`<sip:[::1]:${sip.port}`);
      phone.send(reply(options, 200, 'OK'));
      expect((await app.take()).message.status).toBe(200);
    }
    const refused = await app.request(`OPTIONS sip:bob@127.0.0.1:9 SIP/2.0`);
    expect(refused.result).toBe('NOK|requested protocol/transport not available');
    const self = await app.request(`OPTIONS sip:bob@[::1]:${sip.port} SIP/2.0`);
    expect(self.result).toBe('NOK|can not send request to myself');
  });

  it('chooses the transport by the family of the target', async () => {
    const frontEnd = await started({ listen: '127.0.0.1:0,[::1]:0' });
    const app = await appOf(frontEnd, []);
    for (const at of [0, 2]) {
      const phone = kept(await UdpPeer.open(sipOf(frontEnd, at)));
      const host = phone.host.includes(':') ? `[${phone.host}]` : phone.host;
      await app.request(`OPTIONS sip:bob@${host}:${phone.port} SIP/2.0`);
      expect((await phone.take()).header('via')).toContain(`${host}:${sipOf(frontEnd, at).port};`);
    }
  });
});

describe('switches', () => {
  it('sends echo and answer in one write', async () => {
    const frontEnd = await started({ faults: { echoWithResponse: true } });
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    for (let turn = 0; turn < 20; turn += 1) {
      app.reads.length = 0;
      const echo = app.request(`OPTIONS sip:bob@127.0.0.1:${phone.port} SIP/2.0`);
      phone.send(reply(await phone.take(), 200, 'OK'));
      await echo;
      await app.take();
      expect(app.reads).toHaveLength(1);
    }
  });

  it('lets the echo go alone when the answer is late', async () => {
    const frontEnd = await started({ faults: { echoWithResponse: true } });
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    expect((await app.request(`OPTIONS sip:bob@127.0.0.1:${phone.port} SIP/2.0`)).tokens[3]).toBe('OK');
    phone.send(reply(await phone.take(), 200, 'OK'));
    expect((await app.take()).message.status).toBe(200);
  });

  it('passes large frames, NULs and many headers while wedge and cuts are off', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    const headers = [...Array(90).keys()].map((at) => `X-Filler-${at}: ${'y'.repeat(90)}`);
    const body = Buffer.concat([Buffer.from([0, 255, 0]), Buffer.alloc(40_000, 0x78)]);
    await app.request(`MESSAGE sip:bob@127.0.0.1:${phone.port} SIP/2.0`, [...headers, 'Content-Type: a/b'], {
      body,
    });
    const message = await phone.take();
    expect(message.body.equals(body)).toBe(true);
    expect(message.all('x-filler-89')).toHaveLength(1);
  });

  it('goes deaf above the ring size as soon as wedge is on', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, []);
    frontEnd.faults.wedge = true;
    const deaf = async () => {
      app.send('ping');
      const other = await appOf(frontEnd, []);
      for (let turn = 0; turn < 3; turn += 1) await other.nothing();
      expect(app.waiting).toEqual([]);
    };
    app.send('ping|', 'x'.repeat(13_000));
    await deaf();
    frontEnd.faults.wedge = false;
    await deaf();
  });

  it('drops the app connection after so many frames', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, []);
    frontEnd.faults.dropAfterFrames = 3;
    await app.call('ping');
    await app.call('ping');
    app.send('ping');
    await app.closed;
    expect(frontEnd.faults.dropAfterFrames).toBe(0);
    expect((await (await appOf(frontEnd)).call('ping')).result).toBe('OK|pong');
  });

  it('greets without addresses', async () => {
    const frontEnd = await started({ faults: { noHostports: true } });
    const app = kept(await RawApp.connect({ host: frontEnd.adminHost, port: frontEnd.adminPort }));
    expect((await app.call('authenticate|cymru|')).result).toMatch(/^OK\|\|v[\d.]+[^|]*\|$/);
  });

  it('loses datagrams, and repeats until one comes through', async () => {
    const frontEnd = await started({ timers: { T1: 20, T2: 40 } });
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    frontEnd.faults.udpLoss = 1;
    await app.request(`OPTIONS sip:bob@127.0.0.1:${phone.port} SIP/2.0`);
    // A datagram of our own to ourselves comes after all that came before it.
    phone.send('MESSAGE own SIP/2.0\r\n\r\n', phone);
    expect((await phone.take()).start).toBe('MESSAGE own SIP/2.0');
    frontEnd.faults.udpLoss = 0;
    phone.send(reply(await phone.take(), 200, 'OK'));
    expect((await app.take()).message.status).toBe(200);
  });

  it('takes no answer for another method than the request has', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    await app.request(`OPTIONS sip:bob@127.0.0.1:${phone.port} SIP/2.0`);
    const asked = await phone.take();
    phone.send(reply(asked, 200, 'OK').replace(/^(CSeq: \d+) OPTIONS/m, '$1 MESSAGE'));
    phone.send(reply(asked, 486, 'Busy Here'));
    expect((await app.take()).message.status).toBe(486);
  });

  it('delays and reorders datagrams', async () => {
    const frontEnd = await started();
    const app = await appOf(frontEnd, []);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    const uri = `sip:bob@127.0.0.1:${phone.port}`;
    frontEnd.faults.udpDelay = 80;
    const start = performance.now();
    await app.request(`OPTIONS ${uri} SIP/2.0`);
    await phone.take();
    expect(performance.now() - start).toBeGreaterThan(75);
    frontEnd.faults.udpDelay = 0;
    frontEnd.faults.udpReorder = 1;
    await app.request(`MESSAGE ${uri} SIP/2.0`);
    frontEnd.faults.udpReorder = 0;
    await app.request(`OPTIONS ${uri} SIP/2.0`);
    expect([(await phone.take()).start, (await phone.take()).start]).toEqual([
      `OPTIONS ${uri} SIP/2.0`,
      `MESSAGE ${uri} SIP/2.0`,
    ]);
  });
});

describe('ends', () => {
  it('forgets a dialog that nobody has used for its time', async () => {
    const frontEnd = await started({ timers: { dialog: 150 } });
    const app = await appOf(frontEnd, ['subscribe']);
    const phone = kept(await UdpPeer.open(sipOf(frontEnd)));
    const headers = [`Contact: <sip:a@127.0.0.1:${phone.port}>`, 'Event: x'];
    phone.send(request(phone, 'SUBSCRIBE', { headers }));
    const echo = await app.respond((await app.take()).transactionId, '200 OK', ['Expires: 60']);
    await phone.take();
    // Asking whether it is still there would use it.
    await realTime(250, 'disuse');
    const notify = await app.request('NOTIFY sip:placeholder SIP/2.0', [], { dialog: echo.tokens[11]! });
    expect(notify.result).toContain('unable to find dialog');
  });

  it('closes an idle TCP connection', async () => {
    const frontEnd = await started({ timers: { idle: 100 } });
    const idle = kept(await TcpPeer.open(sipOf(frontEnd)));
    await idle.closed;
  });
});
