/** What a message says, each kind in its own way. */
import { useTranslation } from "react-i18next";
import type { Message, MessageContent } from "../../../client/index.ts";
import type { Format } from "../../shared/format.ts";
import styles from "./content.module.css";
import { FileView } from "./file.tsx";
import { isFewEmoji } from "./is-bare.ts";
import { LocationView } from "./location.tsx";
import { ImageView, SoundView, VideoView } from "./media.tsx";
import { TextView } from "./text.tsx";

interface ContentViewProps {
  readonly message: Message;
  readonly content: MessageContent;
  readonly format: Format;
}

export function ContentView({ message, content, format }: ContentViewProps) {
  const { t } = useTranslation();
  switch (content.type) {
    case "TEXT":
      if (isFewEmoji(content.text)) return <span className={styles.emoji}>{content.text.trim()}</span>;
      return <TextView text={content.text} />;
    case "FACE":
      return <FaceView index={content.index} data={content.data} />;
    case "LOCATION":
      return <LocationView content={content} format={format} />;
    case "IMAGE":
      return <ImageView message={message} content={content} />;
    case "SOUND":
      return <SoundView message={message} content={content} format={format} />;
    case "FILE":
      return <FileView message={message} content={content} format={format} />;
    case "VIDEO":
      return <VideoView message={message} content={content} format={format} />;
    case "CUSTOM":
      return <CustomView content={content} />;
    case "NOTICE":
      return <span>{content.body}</span>;
    default:
      // A kind of a later server.
      return <span>{(content satisfies never as MessageContent).summary || t("kinds.custom")}</span>;
  }
}

/** Characters of a face that is one: what is longer is data of another app. */
const LONGEST_FACE = 24;

/** The set of faces is the app's; this page's are emoji, which it puts into `data`. */
function FaceView({ index, data }: { readonly index: number; readonly data: string | null }) {
  const { t } = useTranslation();
  if (data === null || data.length > LONGEST_FACE) {
    return <span className={styles.unknownFace}>{`${t("kinds.face")} ${index}`}</span>;
  }
  return (
    <span className={styles.face} role="img" aria-label={data}>
      {data}
    </span>
  );
}

function pretty(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2);
  } catch {
    return data;
  }
}

function CustomView({ content }: { readonly content: Extract<MessageContent, { readonly type: "CUSTOM" }> }) {
  const { t } = useTranslation();
  const { data, description, extension } = content;
  return (
    <div className={styles.custom}>
      <strong>{description ?? t("kinds.custom")}</strong>
      {data !== null && (
        <details>
          <summary>{t("kinds.showData")}</summary>
          <pre>{pretty(data)}</pre>
          {extension !== null && <pre>{pretty(extension)}</pre>}
        </details>
      )}
    </div>
  );
}
