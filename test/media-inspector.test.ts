import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MediaInspector, type MediaKind, UnfitMedia } from "../src/engine/media.ts";
import { createInspector } from "../src/media/inspector.ts";
import { pictureOf } from "./support/samples.ts";
import { runs, timeFor } from "./support/scale.ts";
import { makeSmallDisk, mayMount } from "./support/small-disk.ts";

const SAMPLES = join(import.meta.dirname, "samples");
let folder: string;
let inspector: MediaInspector;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-media-"));
  inspector = createInspector();
});
afterAll(async () => {
  await inspector.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What is found in these bytes, or why they are unfit. */
async function look(bytes: Buffer, kind: MediaKind, by = inspector) {
  const own = mkdtempSync(join(folder, "file-"));
  writeFileSync(join(own, "original"), bytes);
  try {
    return { facts: await by.inspect(join(own, "original"), kind, own), own };
  } catch (error) {
    if (error instanceof UnfitMedia) return { unfit: error.message, own };
    throw error;
  }
}

function sample(name: string): Buffer {
  return readFileSync(join(SAMPLES, name));
}

const RECORDINGS: readonly [name: string, kind: MediaKind, mimeType: string, format: string, durationMs: number][] = [
  ["voice.mp3", "SOUND", "audio/mpeg", "mp3", 1_296],
  ["voice.m4a", "SOUND", "audio/mp4", "m4a", 1_200],
  ["voice.aac", "SOUND", "audio/aac", "aac", 1_280],
  ["voice.ogg", "SOUND", "audio/ogg", "opus", 1_200],
  ["voice.webm", "SOUND", "audio/webm", "webm", 1_201],
  ["voice.flac", "SOUND", "audio/flac", "flac", 1_200],
  ["voice.wav", "SOUND", "audio/wav", "wav", 1_200],
  ["film.mp4", "VIDEO", "video/mp4", "mp4", 1_200],
  ["silent.mp4", "VIDEO", "video/mp4", "mp4", 1_200],
  ["film.webm", "VIDEO", "video/webm", "webm", 1_207],
  ["film.mov", "VIDEO", "video/quicktime", "mov", 1_200],
  ["film.mkv", "VIDEO", "video/x-matroska", "mkv", 1_200],
  ["film.3gp", "VIDEO", "video/3gpp", "3gp", 1_200],
];

test.each(RECORDINGS)("%s is a %s of type %s", async (name, kind, mimeType, format, durationMs) => {
  const [width, height] = kind === "VIDEO" ? [64, 48] : [null, null];
  const expected = { mimeType, format, durationMs, width, height, smaller: [] };
  expect((await look(sample(name), kind)).facts).toEqual(expected);
  const other = kind === "VIDEO" ? "SOUND" : "VIDEO";
  expect((await look(sample(name), other)).unfit).toMatch(/send it as a (sound|video)/);
});

test("every sample is tried", () => {
  const names = readdirSync(SAMPLES).filter((name) => name !== "README.md");
  expect(names.sort()).toEqual([...RECORDINGS.map(([name]) => name), "turned.mp4"].sort());
});

test("a video that was turned has the size in which it is shown", async () => {
  expect((await look(sample("turned.mp4"), "VIDEO")).facts).toMatchObject({ width: 48, height: 64 });
});

/** An AMR recording of frames of these types, each of its size: header byte and speech bytes. */
function amr(...types: readonly number[]): Buffer {
  const sizes = [13, 14, 16, 18, 20, 21, 27, 32, 6];
  const frames = types.map((type) => {
    const frame = Buffer.alloc(sizes[type] ?? 1);
    frame[0] = (type << 3) | 4;
    return frame;
  });
  return Buffer.concat([Buffer.from("#!AMR\n"), ...frames]);
}

test("a voice note of an older phone is as long as it has frames, and must not break off", async () => {
  const note = amr(0, 7, 8, 15, 3);
  expect((await look(note, "SOUND")).facts).toMatchObject({ mimeType: "audio/amr", durationMs: 100 });
  expect((await look(note.subarray(0, -1), "SOUND")).unfit).toMatch(/breaks off/);
  expect((await look(note, "VIDEO")).unfit).toMatch(/send it as a sound/);
});

test.each(["jpeg", "png", "gif", "webp", "avif"] as const)("a %s is a picture, with smaller ones", async (format) => {
  const made = sharp({ create: { width: 1_000, height: 800, channels: 3, background: "#abc" } }).toFormat(format);
  const { facts, own } = await look(await made.toBuffer(), "IMAGE");
  expect(facts).toMatchObject({
    mimeType: `image/${format}`,
    format,
    width: 1_000,
    height: 800,
    durationMs: null,
    smaller: [
      { name: "thumbnail", width: 248, height: 198, mimeType: "image/webp" },
      { name: "large", width: 900, height: 720, mimeType: "image/webp" },
    ],
  });
  for (const { name, width, height, size } of facts?.smaller ?? []) {
    const bytes = readFileSync(join(own, name));
    expect(bytes.length).toBe(size);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "webp", width, height });
  }
});

test.each([
  [198, 300, []],
  [199, 300, ["thumbnail"]],
  [720, 900, ["thumbnail"]],
  [721, 900, ["thumbnail", "large"]],
])("a picture of %i by %i has the smaller ones that are smaller", async (width, height, names) => {
  const { facts } = await look(await pictureOf(width, height), "IMAGE");
  expect(facts?.smaller.map(({ name }) => name)).toEqual(names);
});

test("of a strip the middle is shown", async () => {
  const { facts } = await look(await pictureOf(30_000, 300), "IMAGE");
  expect(facts).toMatchObject({ width: 30_000, height: 300, smaller: [{ width: 3_960, height: 198 }] });
});

test("a picture is as it is shown, and where it was taken stays in the original alone", async () => {
  const turned = await sharp({ create: { width: 900, height: 600, channels: 3, background: "#abc" } })
    .withExif({ IFD3: { GPSLatitude: "59/1 19/1 0/1", GPSLatitudeRef: "N" } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  // Or the test would show nothing.
  expect(turned.includes("Exif")).toBe(true);
  const { facts, own } = await look(turned, "IMAGE");
  expect(facts).toMatchObject({ width: 600, height: 900, smaller: [{ width: 198, height: 297 }] });
  const small = await sharp(join(own, "thumbnail")).metadata();
  expect([small.exif, small.xmp, small.iptc, small.orientation]).toEqual([undefined, undefined, undefined, undefined]);
});

const SVG =
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>';
const TEXTS = { svg: SVG, html: "<!doctype html><script>alert(1)</script>", text: "hello", nothing: "" };

test.each(Object.entries(TEXTS))("%s is no image, sound or video, and a file that nothing runs", async (_, text) => {
  for (const kind of ["IMAGE", "SOUND", "VIDEO"] as const) {
    expect((await look(Buffer.from(text), kind)).unfit, kind).toEqual(expect.any(String));
  }
  expect((await look(Buffer.from(text), "FILE")).facts).toMatchObject({ mimeType: "application/octet-stream" });
});

test("a TIFF is no image, and what begins like a GIF and is none is not either", async () => {
  const tiff = await sharp({ create: { width: 9, height: 9, channels: 3, background: "#abc" } })
    .tiff()
    .toBuffer();
  expect((await look(tiff, "IMAGE")).unfit).toMatch(/send it as a file/);
  expect((await look(Buffer.from("GIF89a/*<script>alert(1)</script>*/"), "IMAGE")).unfit).toMatch(/cannot be read/);
});

test("a file says what it is by its bytes", async () => {
  expect((await look(Buffer.from("%PDF-1.7\n"), "FILE")).facts).toMatchObject({
    mimeType: "application/pdf",
    format: "pdf",
  });
});

test("a small file that says that it is a wall is not decoded", async () => {
  const wall = sharp({
    create: { width: 20_000, height: 20_000, channels: 3, background: "#fff" },
    limitInputPixels: false,
  });
  const bytes = await wall.png({ compressionLevel: 9 }).toBuffer();
  expect(bytes.length).toBeLessThan(8_000_000);
  expect((await look(bytes, "IMAGE")).unfit).toMatch(/more than 50000000 pixels/);
}, 60_000);

test("of what moves the first picture is shown, however many there are", async () => {
  const frames = 400;
  const made = await sharp({
    create: { width: 300, height: 100 * frames, channels: 3, background: "#abc", pageHeight: 100 },
  })
    .gif({ delay: Array.from({ length: frames }, () => 20) })
    .toBuffer();
  expect((await look(made, "IMAGE")).facts).toMatchObject({ mimeType: "image/gif", width: 300, height: 100 });
});

test("a picture that breaks off is refused", async () => {
  for (const format of ["jpeg", "png", "webp"] as const) {
    const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
    const whole = await sharp({ create: { width: 400, height: 400, channels: 3, background: "#abc", noise } })
      .toFormat(format)
      .toBuffer();
    expect((await look(whole, "IMAGE")).unfit, format).toBeUndefined();
    expect((await look(whole.subarray(0, whole.length / 2), "IMAGE")).unfit, format).toMatch(/cannot be read/);
  }
});

test(
  "whatever comes, there are facts or a reason, and the next file is looked at",
  async () => {
    const seeds = [...RECORDINGS.map(([name]) => sample(name)), await pictureOf(300, 200)];
    const hasty = createInspector({ patienceMs: 2_000 });
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 40 }), fc.option(fc.nat()))
      .map(([seed, changes, cut]) => {
        const bytes = Buffer.from(seed);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        return cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
      });
    const any = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(any, fc.constantFrom("IMAGE", "SOUND", "VIDEO", "FILE"), async (bytes, kind) => {
        const { facts, unfit, own } = await look(bytes, kind, hasty);
        expect(unfit ?? facts?.mimeType).toEqual(expect.any(String));
        if (facts?.durationMs != null) expect(facts.durationMs).toBeGreaterThan(0);
        expect(readdirSync(own).every((name) => ["original", "thumbnail", "large"].includes(name))).toBe(true);
      }),
      { numRuns: runs(120), interruptAfterTimeLimit: timeFor(60_000) },
    );
    expect((await look(await pictureOf(10, 10), "IMAGE", hasty)).facts).toMatchObject({ width: 10 });
    await hasty.close();
  },
  timeFor(90_000),
);

test("a file that takes too long is given up, and the next one is looked at", async () => {
  const impatient = createInspector({ patienceMs: 1 });
  const picture = await pictureOf(2_000, 2_000);
  expect((await look(picture, "IMAGE", impatient)).unfit).toMatch(/takes too long/);
  expect((await look(picture, "IMAGE", impatient)).unfit).toMatch(/takes too long/);
  await impatient.close();
  await expect(look(picture, "IMAGE", impatient)).rejects.toThrow("closed");
});

test("a process that dies between two files is replaced by another", async () => {
  const children = () =>
    execFileSync("pgrep", ["-P", String(process.pid)], { encoding: "utf8" })
      .trim()
      .split("\n");
  const before = children();
  const own = createInspector();
  expect((await look(sample("voice.mp3"), "SOUND", own)).facts).toMatchObject({ format: "mp3" });
  const [started = ""] = children().filter((pid) => !before.includes(pid));
  process.kill(Number(started), "SIGKILL");
  // Not before its parent has heard of it, or it would have died of a file.
  await expect.poll(children, { interval: 1 }).not.toContain(started);
  expect((await look(sample("voice.mp3"), "SOUND", own)).facts).toMatchObject({ format: "mp3" });
  await own.close();
});

test.runIf(mayMount)("a picture is not to blame for a disk that is full", async () => {
  const disk = makeSmallDisk(1);
  try {
    const picture = await pictureOf(1_200, 900);
    writeFileSync(join(folder, "picture"), picture);
    writeFileSync(join(disk.folder, "filler"), randomBytes(1024 * 1024));
    const looking = inspector.inspect(join(folder, "picture"), "IMAGE", disk.folder);
    await expect(looking).rejects.toThrow(/could not be looked into/);
    disk.grow(8);
    expect(await inspector.inspect(join(folder, "picture"), "IMAGE", disk.folder)).toMatchObject({ width: 1_200 });
  } finally {
    disk.remove();
  }
});
