// Signs as Cloudflare Access does, with its own keys, which a server on this machine serves.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { exportJWK, exportSPKI, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";

export const AUDIENCE = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228";

const ELSEWHERE = "/elsewhere";

/** Claims that replace those of Access for a person with this address; undefined removes a claim. */
type Claims = Readonly<Record<string, unknown>>;

export interface Signed {
  readonly claims?: Claims;
  readonly header?: Partial<JWTHeaderParameters>;
}

export type Signer = Awaited<ReturnType<typeof startSigner>>;

export async function startSigner(team: string) {
  const domain = `${team}.cloudflareaccess.com`;
  let [kid, pair] = ["key-1", await generateKeyPair("RS256", { extractable: true })];
  const before: object[] = [];
  let status = 200;
  const asked: string[] = [];

  async function publicKeys(): Promise<object[]> {
    return [{ ...(await exportJWK(pair.publicKey)), kid, alg: "RS256", use: "sig" }, ...before];
  }

  async function serve(path: string, response: ServerResponse): Promise<void> {
    // Long enough for simultaneous requests to arrive before the answer.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const keys = await publicKeys();
    // A client that follows the redirect finds keys there.
    const isFound = status === 200 || path === ELSEWHERE;
    response.writeHead(isFound ? 200 : status, { "content-type": "application/json", location: ELSEWHERE });
    response.end(isFound ? JSON.stringify({ keys, public_certs: [] }) : "no");
  }
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    void serve(request.url ?? "", response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  function payloadOf(address: string, claims: Claims): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const made = {
      aud: [AUDIENCE],
      email: address,
      exp: now + 3600,
      iat: now - 10,
      nbf: now - 10,
      iss: `https://${domain}`,
      type: "app",
      identity_nonce: "6ei69kawdKzMIAPF",
      sub: "7335d417-61da-459d-899c-0a01c76a2f94",
      country: "US",
      ...claims,
    };
    return Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined));
  }

  return {
    domain,
    url: `http://127.0.0.1:${port}`,
    asked,
    /** Sign as Access does for a person. */
    sign: (address: string, { claims = {}, header = {} }: Signed = {}) =>
      new SignJWT(payloadOf(address, claims))
        .setProtectedHeader({ alg: "RS256", kid, typ: "JWT", ...header })
        .sign(pair.privateKey),
    /** Sign with the public key as a shared secret. A verifier that trusts the header accepts it. */
    signByPublicKey: async (address: string) =>
      new SignJWT(payloadOf(address, {}))
        .setProtectedHeader({ alg: "HS256", kid, typ: "JWT" })
        .sign(new TextEncoder().encode(await exportSPKI(pair.publicKey))),
    unsigned: (address: string) => `${encode({ alg: "none", kid, typ: "JWT" })}.${encode(payloadOf(address, {}))}.`,
    /** Sign with a new key from now on. The previous key is still served. */
    async rotate(): Promise<void> {
      before.unshift(...(await publicKeys()).slice(0, 1));
      before.length = 1;
      [kid, pair] = [`key-${Number(kid.slice(4)) + 1}`, await generateKeyPair("RS256", { extractable: true })];
    },
    /** Set how it answers from now on, by default 200 with its keys. */
    answer(wanted: number): void {
      status = wanted;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
