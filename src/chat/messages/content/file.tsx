/** A file: its name, its size, and the way to it. */

import { useTranslation } from "react-i18next";
import type { Message, MessageContent } from "../../../client/index.ts";
import type { Format } from "../../shared/format.ts";
import { FileText } from "../../shared/icons.ts";
import { hostOf, isWebUrl } from "../../shared/media-policy.ts";
import styles from "./content.module.css";
import { MediaLink } from "./media-link.tsx";

interface FileViewProps {
  readonly message: Message;
  readonly content: Extract<MessageContent, { readonly type: "FILE" }>;
  readonly format: Format;
}

export function FileView({ message, content, format }: FileViewProps) {
  const { t } = useTranslation();
  const { url, name, size } = content;
  const isHere = isWebUrl(url) && new URL(url).origin === location.origin;
  const facts = (
    <>
      <span className={styles.fileIcon}>
        <FileText size={22} aria-hidden="true" />
      </span>
      <span className={styles.fileFacts}>
        <strong>{name}</strong>
        <span>{isHere || message.file !== null ? format.bytes(size) : `${format.bytes(size)} · ${hostOf(url)}`}</span>
      </span>
    </>
  );
  if (!isWebUrl(url)) return <span className={styles.file}>{facts}</span>;
  return (
    <MediaLink message={message} url={url} className={styles.file} title={t("kinds.download", { name })}>
      {facts}
    </MediaLink>
  );
}
