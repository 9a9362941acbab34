/** Files that are brought to Parley. */

import { uploadId } from "../engine/ids.ts";
import type { Upload } from "../engine/media.ts";
import type { CreatedUpload } from "../engine/uploads.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { errorType, orRefusal, Refused } from "./errors.ts";
import { NodeInterface } from "./node.ts";

const MediaKindEnum = builder.enumType("MediaKind", {
  description: "What an upload is to be sent as.",
  values: {
    IMAGE: { description: "JPEG, PNG, GIF, WebP or AVIF, at most 28 MiB." },
    SOUND: { description: "MP3, AAC, M4A, Ogg, Opus, WAV, FLAC, WebM or AMR, at most 28 MiB." },
    FILE: { description: "Anything, at most 100 MiB." },
    VIDEO: { description: "MP4, WebM, MOV, MKV or 3GP, at most 100 MiB." },
  } as const,
});

const UploadStateEnum = builder.enumType("UploadState", {
  description: "How far an upload has come.",
  values: {
    UPLOADING: { description: "Not all of its bytes have come." },
    PROCESSING: { description: "All have, and they are being looked into." },
    READY: { description: "It can be sent." },
    REFUSED: { description: "It is not what it was said to be; its bytes are gone." },
  } as const,
});

export const UploadType = builder.objectRef<Upload>("Upload").implement({
  access: "selfOrAdmin",
  description: "A file that its owner brings to Parley, or has brought.",
  interfaces: [NodeInterface],
  fields: (t) => ({
    id: t.id({ description: "Pass it to `sendMessage`.", resolve: ({ id }) => uploadId(id) }),
    kind: t.expose("kind", { type: MediaKindEnum, description: "What it is to be sent as." }),
    name: t.exposeString("name", { description: "What the file is called." }),
    size: t.exposeInt("size", { description: "Bytes." }),
    state: t.expose("state", { type: UploadStateEnum, description: "How far it has come." }),
    refusal: t.exposeString("refusal", { nullable: true, description: "Why it was refused; else null." }),
    mimeType: t.string({
      nullable: true,
      description: "By its bytes; null until it is READY.",
      resolve: ({ facts }) => facts?.mimeType ?? null,
    }),
    width: t.int({
      nullable: true,
      description: "Pixels, as it is shown; null until it is READY, and where it has none.",
      resolve: ({ facts }) => facts?.width ?? null,
    }),
    height: t.int({
      nullable: true,
      description: "Pixels, as it is shown; null until it is READY, and where it has none.",
      resolve: ({ facts }) => facts?.height ?? null,
    }),
    durationMs: t.int({
      nullable: true,
      description: "Milliseconds; null until it is READY, and where it has none.",
      resolve: ({ facts }) => facts?.durationMs ?? null,
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it goes unless it is sent; null while a message uses it.",
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

builder.queryField("upload", (t) =>
  t.field({
    access: "selfOrAdmin",
    type: UploadType,
    nullable: true,
    description: "An upload of the viewer's, for admins anybody's; null where there is none.",
    args: { id: t.arg.id({ required: true, description: "Its id." }) },
    resolve: (_, { id }, context) => context.engine.uploads.find(viewerOf(context), id),
  }),
);

const CreateUploadSuccess = builder.objectRef<CreatedUpload>("CreateUploadSuccess").implement({
  access: "given",
  description: "What to upload it with, by any client of the tus protocol (tus.io).",
  fields: (t) => ({
    upload: t.field({ type: UploadType, description: "It has no bytes yet.", resolve: ({ upload }) => upload }),
    endpoint: t.exposeString("endpoint", {
      description: "Where the tus client creates it: a path on this server, or a URL where PARLEY_PUBLIC_URL is set.",
    }),
    ticket: t.exposeString("ticket", {
      description: "For this upload alone: `Authorization: Bearer <ticket>` with each request to the endpoint.",
    }),
  }),
});
const CreateUploadError = errorType("CreateUploadError", "an upload may not begin");
const CreateUploadResult = builder.unionType("CreateUploadResult", {
  description: "A ticket, or why there is none.",
  types: [CreateUploadSuccess, CreateUploadError],
  resolveType: (value) => (value instanceof Refused ? "CreateUploadError" : "CreateUploadSuccess"),
});
const CreateUploadInput = builder.inputType("CreateUploadInput", {
  description: "What is going to be uploaded.",
  fields: (t) => ({
    kind: t.field({ type: MediaKindEnum, required: true, description: "What it is to be sent as." }),
    name: t.string({ required: true, description: "What the file is called, 1 to 255 characters." }),
    size: t.int({ required: true, description: "Bytes: exactly so many must come." }),
    mimeType: t.string({ description: "What the client takes it for. The server goes by the bytes alone." }),
  }),
});
const DeleteUploadPayload = builder.objectRef<{ deletedId: string | null }>("DeleteUploadPayload").implement({
  access: "given",
  description: "What is gone.",
  fields: (t) => ({
    deletedId: t.id({
      nullable: true,
      description: "Null where the viewer has no such upload, or a message uses it.",
      resolve: ({ deletedId }) => deletedId,
    }),
  }),
});
const DeleteUploadInput = builder.inputType("DeleteUploadInput", {
  description: "An upload that is not to be sent.",
  fields: (t) => ({ id: t.id({ required: true, description: "Its id." }) }),
});

builder.mutationFields((t) => ({
  createUpload: t.field({
    access: "self",
    type: CreateUploadResult,
    nullable: true,
    description: "Begins to bring a picture, a sound, a file or a video, which can be sent once it is READY.",
    args: { input: t.arg({ type: CreateUploadInput, required: true, description: "What it is." }) },
    resolve: (_, { input }, context) => orRefusal(context, context.engine.uploads.create(viewerOf(context), input)),
  }),
  deleteUpload: t.field({
    access: "self",
    type: DeleteUploadPayload,
    nullable: true,
    description: "Gives up an upload that no message uses, and removes what has come of it.",
    args: { input: t.arg({ type: DeleteUploadInput, required: true, description: "Which." }) },
    async resolve(_, { input: { id } }, context) {
      return { deletedId: (await context.engine.uploads.remove(viewerOf(context), id)) ? id : null };
    },
  }),
}));
