import { z } from 'zod';

/** Why a server's certificate is accepted. */
export type Trust =
  /** SHA-256 of its certificate, 64 hex digits in lower case. */
  | { readonly fingerprint: string }
  /** A file of certificates in PEM; only these are trusted. */
  | { readonly ca: string }
  | { readonly insecure: true };

/** `tls:` in the topology, the same for vSphere and for an array. */
export const tlsSettings = z
  .union([
    z.strictObject({
      fingerprint: z
        .string()
        .regex(
          /^(SHA256:)?[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$/,
          'a SHA-256 fingerprint is 32 pairs of hex digits: "SHA256:AB:CD:…"',
        )
        .transform((written) => written.replace(/^SHA256:|:/g, '').toLowerCase())
        .describe('SHA-256 of its certificate'),
    }),
    z.strictObject({ ca: z.string().min(1).describe('File of certificates in PEM; only these are believed') }),
    z.strictObject({ insecure: z.literal(true).describe('Check no certificate: a warning on every run') }),
  ])
  .describe("Why its certificate is believed; default: the system's CAs") satisfies z.ZodType<Trust>;
