/** A certificate that a server on this machine shows, and that its clients are told to trust. */
import { execFileSync } from "node:child_process";

export interface Certificate {
  /** As PEM, both. */
  readonly key: string;
  readonly cert: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "-"];

/** @param names that it is good for, as `openssl` writes them: `DNS:localhost`, `IP:127.0.0.1` */
export function makeCertificate(names: readonly string[] = ["DNS:localhost", "IP:127.0.0.1"]): Certificate {
  const subject = ["-subj", "/CN=localhost", "-addext", `subjectAltName=${names.join(",")}`];
  const written = execFileSync("openssl", ["req", "-x509", "-days", "2", ...KEY, ...subject], {
    encoding: "utf8",
    // What it tells of its progress is nobody's; where it fails, the error has it.
    stdio: ["ignore", "pipe", "pipe"],
  });
  const begin = written.indexOf("-----BEGIN CERTIFICATE-----");
  return { key: written.slice(0, begin), cert: written.slice(begin) };
}
