/** The nine kinds of content as clients send them. Their rules are the engine's. */
import { builder } from "./builder.ts";

const TextInput = builder.inputType("TextInput", {
  description: "Text.",
  fields: (t) => ({ text: t.string({ required: true, description: "Not empty, no NUL, whole characters." }) }),
});
const FaceInput = builder.inputType("FaceInput", {
  description: "An emoticon of the app's own set.",
  fields: (t) => ({
    index: t.int({ required: true, description: "Which one, 0 or more." }),
    data: t.string({ description: "What else the app needs to show it." }),
  }),
});
const LocationInput = builder.inputType("LocationInput", {
  description: "A place on earth.",
  fields: (t) => ({
    name: t.string({ required: true, description: "What the place is called." }),
    latitude: t.float({ required: true, description: "Degrees, -90 to 90." }),
    longitude: t.float({ required: true, description: "Degrees, -180 to 180." }),
  }),
});

const UPLOAD =
  "Id of an own upload of this kind that is READY. What else is said of it is passed over: its bytes tell.";
const URL_ELSEWHERE = "Where the media lies, http or https, at most 2,048 bytes. It is never fetched.";

const ImageInput = builder.inputType("ImageInput", {
  description: "A picture: `upload`, or `url` with width, height, size and format.",
  fields: (t) => ({
    upload: t.id({ description: UPLOAD }),
    url: t.string({ description: URL_ELSEWHERE }),
    width: t.int({ description: "Pixels." }),
    height: t.int({ description: "Pixels." }),
    size: t.int({ description: "Bytes, at most 28 MiB." }),
    format: t.string({ description: "`jpeg`, `png`, … Not needed for a video's cover." }),
  }),
});
const SoundInput = builder.inputType("SoundInput", {
  description: "A sound: `upload`, or `url` with size and durationMs.",
  fields: (t) => ({
    upload: t.id({ description: UPLOAD }),
    url: t.string({ description: URL_ELSEWHERE }),
    size: t.int({ description: "Bytes, at most 28 MiB." }),
    durationMs: t.int({ description: "Milliseconds." }),
  }),
});
const FileInput = builder.inputType("FileInput", {
  description: "A file: `upload`, or `url` with name and size.",
  fields: (t) => ({
    upload: t.id({ description: UPLOAD }),
    url: t.string({ description: URL_ELSEWHERE }),
    name: t.string({ description: "1 to 255 characters. With `upload`: instead of its name." }),
    size: t.int({ description: "Bytes, at most 100 MiB." }),
    mimeType: t.string({ description: "Such as `application/pdf`." }),
  }),
});
const VideoInput = builder.inputType("VideoInput", {
  description: "A video: `upload`, or `url` with size, durationMs and format.",
  fields: (t) => ({
    upload: t.id({ description: UPLOAD }),
    url: t.string({ description: URL_ELSEWHERE }),
    size: t.int({ description: "Bytes, at most 100 MiB." }),
    durationMs: t.int({ description: "Milliseconds." }),
    format: t.string({ description: "`mp4`, …" }),
    width: t.int({ description: "Pixels." }),
    height: t.int({ description: "Pixels." }),
    cover: t.field({ type: ImageInput, description: "A picture to show before it plays." }),
  }),
});
const CustomInput = builder.inputType("CustomInput", {
  description: "The app's own content.",
  fields: (t) => ({
    data: t.string({ required: true, description: "What the app makes of it." }),
    description: t.string({ description: "What a notification shows; without it a custom message is not pushed." }),
    extension: t.string({ description: "More of the app's own." }),
  }),
});
const NoticeInput = builder.inputType("NoticeInput", {
  description: "A notice, by admins only. Its sender is `system` unless `sendAs` names another.",
  fields: (t) => ({
    title: t.string({ description: "A heading." }),
    body: t.string({ required: true, description: "The text, not empty." }),
    data: t.string({ description: "The app's own." }),
  }),
});

export const MessageContentInput = builder.inputType("MessageContentInput", {
  description: "What to say: exactly one kind. All strings together have at most 12 KiB in UTF-8, customData included.",
  isOneOf: true,
  fields: (t) => ({
    text: t.field({ type: TextInput, description: "Text." }),
    face: t.field({ type: FaceInput, description: "An emoticon of the app's own set." }),
    location: t.field({ type: LocationInput, description: "A place on earth." }),
    image: t.field({ type: ImageInput, description: "A picture." }),
    sound: t.field({ type: SoundInput, description: "A voice note or other sound." }),
    file: t.field({ type: FileInput, description: "A file." }),
    video: t.field({ type: VideoInput, description: "A short video." }),
    custom: t.field({ type: CustomInput, description: "The app's own." }),
    notice: t.field({ access: "admin", type: NoticeInput, description: "A notice. Admins only." }),
  }),
});
