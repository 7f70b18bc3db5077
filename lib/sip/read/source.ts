/** Where a request came from, as drachtio-server saw it. */

export interface Source {
  readonly address: string;
  /** 0 when unknown. */
  readonly port: number;
  /** Lower case: `udp`, `tcp`, `tls`. */
  readonly protocol: string;
}

/** What is needed of drachtio-srf's request. */
export interface ReceivedRequest {
  readonly source_address: string;
  readonly source_port: number | string;
  readonly protocol: string;
}

export function sourceOf({ source_address: address, source_port, protocol }: ReceivedRequest): Source {
  const port = Number(source_port);
  return {
    address,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0,
    protocol: protocol.toLowerCase(),
  };
}
