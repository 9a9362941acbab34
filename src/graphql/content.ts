/** The nine kinds of content as clients read them. */
import {
  type Content,
  type CustomContent,
  type FaceContent,
  type FileContent,
  type ImageContent,
  type ImageVariant,
  type LocationContent,
  type NoticeContent,
  type SoundContent,
  summaryOf,
  type TextContent,
  type VideoContent,
} from "../engine/content.ts";
import { builder } from "./builder.ts";
import { UserType } from "./user.ts";

export const ContentTypeEnum = builder.enumType("ContentType", {
  description: "The kind of a message's content.",
  values: {
    TEXT: { description: "Text." },
    FACE: { description: "An emoticon of the app's own set." },
    LOCATION: { description: "A place on earth." },
    IMAGE: { description: "A picture." },
    SOUND: { description: "A voice note or other sound." },
    FILE: { description: "A file." },
    VIDEO: { description: "A short video." },
    CUSTOM: { description: "The app's own: a red packet, a game, …" },
    NOTICE: { description: "From the system, not from a person." },
  } as const,
});

export const MessageContent = builder.interfaceRef<Content>("MessageContent").implement({
  description: "What a message says. A client that does not know a kind shows `summary`.",
  fields: (t) => ({
    type: t.field({ type: ContentTypeEnum, description: "Which kind it is.", resolve: (content) => content.type }),
    summary: t.string({
      description:
        "One line for a conversation list or a notification: the text, `[Image]`, …; at most 200 characters.",
      resolve: summaryOf,
    }),
  }),
  resolveType: ({ type }) => `${type.charAt(0)}${type.slice(1).toLowerCase()}Content`,
});

builder.objectRef<TextContent>("TextContent").implement({
  access: "given",
  description: "Text.",
  interfaces: [MessageContent],
  fields: (t) => ({ text: t.exposeString("text", { description: "Never empty." }) }),
});

builder.objectRef<FaceContent>("FaceContent").implement({
  access: "given",
  description: "An emoticon of the app's own set; Parley ships none.",
  interfaces: [MessageContent],
  fields: (t) => ({
    index: t.exposeInt("index", { description: "Which one, 0 or more." }),
    data: t.exposeString("data", { nullable: true, description: "What else the app needs to show it." }),
  }),
});

builder.objectRef<LocationContent>("LocationContent").implement({
  access: "given",
  description: "A place on earth.",
  interfaces: [MessageContent],
  fields: (t) => ({
    name: t.exposeString("name", { description: "What the place is called." }),
    latitude: t.exposeFloat("latitude", { description: "Degrees, -90 to 90." }),
    longitude: t.exposeFloat("longitude", { description: "Degrees, -180 to 180." }),
  }),
});

const LINK =
  "Where it lies. Of an upload: a link that is good for hours, to be asked for again after that; a path on this server unless PARLEY_PUBLIC_URL is set.";

const ImageVariantType = builder.objectRef<ImageVariant>("ImageVariant").implement({
  access: "given",
  description: "A picture in one size.",
  fields: (t) => ({
    url: t.string({
      description: LINK,
      resolve: (variant, _, { engine }) => engine.uploads.linkTo(variant),
    }),
    width: t.exposeInt("width", { description: "Pixels." }),
    height: t.exposeInt("height", { description: "Pixels." }),
    size: t.exposeInt("size", { description: "Bytes." }),
  }),
});

builder.objectRef<ImageContent>("ImageContent").implement({
  access: "given",
  description: "A picture.",
  interfaces: [MessageContent],
  fields: (t) => ({
    url: t.string({
      description: `The original. ${LINK}`,
      resolve: (content, _, { engine }) => engine.uploads.linkTo(content),
    }),
    width: t.exposeInt("width", { nullable: true, description: "Pixels; null when not known." }),
    height: t.exposeInt("height", { nullable: true, description: "Pixels; null when not known." }),
    size: t.exposeInt("size", { description: "Bytes, at most 28 MiB." }),
    format: t.exposeString("format", { description: "`jpeg`, `png`, …" }),
    thumbnail: t.expose("thumbnail", {
      type: ImageVariantType,
      nullable: true,
      description: "Short side 198 pixels; null when there is none.",
    }),
    large: t.expose("large", {
      type: ImageVariantType,
      nullable: true,
      description: "Short side 720 pixels; null when there is none.",
    }),
  }),
});

builder.objectRef<SoundContent>("SoundContent").implement({
  access: "given",
  description: "A voice note or other sound.",
  interfaces: [MessageContent],
  fields: (t) => ({
    url: t.string({ description: LINK, resolve: (content, _, { engine }) => engine.uploads.linkTo(content) }),
    size: t.exposeInt("size", { description: "Bytes, at most 28 MiB." }),
    durationMs: t.exposeInt("durationMs", { description: "Milliseconds." }),
  }),
});

builder.objectRef<FileContent>("FileContent").implement({
  access: "given",
  description: "A file.",
  interfaces: [MessageContent],
  fields: (t) => ({
    url: t.string({ description: LINK, resolve: (content, _, { engine }) => engine.uploads.linkTo(content) }),
    name: t.exposeString("name", { description: "Its name, 1 to 255 characters." }),
    size: t.exposeInt("size", { description: "Bytes, at most 100 MiB." }),
    mimeType: t.exposeString("mimeType", { nullable: true, description: "Its media type; null when not known." }),
  }),
});

builder.objectRef<VideoContent>("VideoContent").implement({
  access: "given",
  description: "A short video.",
  interfaces: [MessageContent],
  fields: (t) => ({
    url: t.string({ description: LINK, resolve: (content, _, { engine }) => engine.uploads.linkTo(content) }),
    size: t.exposeInt("size", { description: "Bytes, at most 100 MiB." }),
    durationMs: t.exposeInt("durationMs", { description: "Milliseconds." }),
    format: t.exposeString("format", { description: "`mp4`, …" }),
    width: t.exposeInt("width", { nullable: true, description: "Pixels; null when not known." }),
    height: t.exposeInt("height", { nullable: true, description: "Pixels; null when not known." }),
    cover: t.expose("cover", {
      type: ImageVariantType,
      nullable: true,
      description: "A picture to show before it plays; null when there is none.",
    }),
  }),
});

builder.objectRef<CustomContent>("CustomContent").implement({
  access: "given",
  description: "The app's own content: a red packet, a game, …",
  interfaces: [MessageContent],
  fields: (t) => ({
    data: t.string({
      nullable: true,
      description: "What the app makes of it; always there.",
      resolve: ({ data }) => data,
    }),
    description: t.exposeString("description", {
      nullable: true,
      description: "What a notification shows; without it there is none.",
    }),
    extension: t.exposeString("extension", { nullable: true, description: "More of the app's own." }),
  }),
});

const NoticeKindEnum = builder.enumType("NoticeKind", {
  description: "What a notice tells of.",
  values: {
    CUSTOM: { description: "The app's own, sent by an admin." },
    FRIEND_REQUESTED: { description: "`subject` asks for friendship." },
    FRIEND_ACCEPTED: { description: "`subject` is a friend now." },
    FRIEND_REMOVED: { description: "`subject` is no longer a friend." },
    BROADCAST: { description: "Sent by an admin to everybody." },
  } as const,
});

builder.objectRef<NoticeContent>("NoticeContent").implement({
  access: "given",
  description: "From the system, not from a person.",
  interfaces: [MessageContent],
  fields: (t) => ({
    kind: t.field({ type: NoticeKindEnum, description: "What it tells of.", resolve: ({ kind }) => kind }),
    subject: t.field({
      type: UserType,
      nullable: true,
      description: "Whom a friend notice is about; else null.",
      resolve: ({ subjectId }) => (subjectId === null ? null : { id: subjectId }),
    }),
    title: t.exposeString("title", { nullable: true, description: "A heading; null when there is none." }),
    body: t.exposeString("body", { description: "The text, never empty." }),
    data: t.exposeString("data", { nullable: true, description: "The app's own; null when there is none." }),
  }),
});
