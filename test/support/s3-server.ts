/** A service that speaks S3's protocol, on this machine: OpenStack Swift, from Debian's packages. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import type { BucketOptions } from "../../src/media/bucket/client.ts";

/** Debian's own: others do not see its packages. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = join(import.meta.dirname, "s3-server.py");
const REGION = "us-east-1";
export const S3_ENVIRONMENT = { AWS_ACCESS_KEY_ID: "test:tester", AWS_SECRET_ACCESS_KEY: "testing" };

/** Whether there is one on this machine: packages swift-proxy, swift-account, swift-container and swift-object. */
export const servesS3 = canServe();

function canServe(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import swift.proxy, swift.account, swift.container, swift.obj"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export class S3Server {
  readonly #folder = mkdtempSync(join(tmpdir(), "parley-s3-"));
  #child: ChildProcess | null = null;
  #port = 0;

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get client(): S3 {
    Object.assign(process.env, S3_ENVIRONMENT);
    return new S3({ endpoint: this.endpoint, region: REGION, forcePathStyle: true });
  }

  /** At the port where it was before, with what it had. */
  async start(): Promise<void> {
    const child = spawn(PYTHON, [SCRIPT, this.#folder, String(this.#port)], { stdio: ["pipe", "pipe", "ignore"] });
    this.#child = child;
    const [line] = await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("the S3 server did not start"))),
    ]);
    this.#port = Number(String(line));
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async makeBucket(name: string): Promise<BucketOptions> {
    await this.client.createBucket({ Bucket: name });
    return { name, prefix: "chat/", endpoint: this.endpoint, region: REGION, pathStyle: true, redirect: false };
  }

  /** Names of all that lies in a bucket, and of what has begun to be put there. */
  async keysIn(name: string): Promise<string[]> {
    const { Contents = [] } = await this.client.listObjectsV2({ Bucket: name });
    const { Uploads = [] } = await this.client.listMultipartUploads({ Bucket: name });
    return [...Contents, ...Uploads].map(({ Key = "" }) => Key).sort();
  }
}
