/**
 * Pictures, sounds and videos: shown at once from this device and this server, from others when the user wants them.
 */

import { type CSSProperties, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message, MessageContent } from "../../../client/index.ts";
import type { Format } from "../../shared/format.ts";
import { Download, Film, ImageIcon, Mic } from "../../shared/icons.ts";
import { allowMedia, hostOf, isWebUrl, useMediaAllowed } from "../../shared/media-policy.ts";
import { SoundPlayer, VideoPlayer } from "../../shared/players.tsx";
import { useObjectUrl } from "../../shared/use-object-url.ts";
import styles from "./content.module.css";
import { MediaLink } from "./media-link.tsx";
import { useFreshLinks } from "./use-fresh-links.ts";

type Of<Type extends MessageContent["type"]> = Extract<MessageContent, { readonly type: Type }>;

/** Pixels that a picture takes at most. */
const WIDEST = 340;
const HIGHEST = 380;

/** Its place before it is there, so that nothing moves when it comes. */
function frameOf(width: number | null, height: number | null): CSSProperties {
  if (width === null || height === null) return { width: WIDEST, aspectRatio: "4 / 3" };
  // Strips stay large enough for their button.
  const ratio = Math.min(Math.max(width / height, 0.45), 3.2);
  const shown = Math.min(WIDEST, HIGHEST * ratio, Math.max(width, 220));
  return { width: shown, aspectRatio: ratio };
}

interface GateProps {
  readonly message: Message;
  readonly url: string;
  readonly name: string;
  readonly icon: ReactNode;
  readonly facts?: string;
  readonly frame?: CSSProperties;
  /** Called with where to load it from. */
  readonly children: (source: string, failed: () => void) => ReactNode;
}

/** Asks before it loads from another host. */
function Gate({ message, url, name, icon, facts = "", frame, children }: GateProps) {
  const { t } = useTranslation();
  const local = useObjectUrl(message.file);
  const allowed = useMediaAllowed(url);
  const renew = useFreshLinks(message);
  const [broken, setBroken] = useState<string | null>(null);
  const host = hostOf(url);
  const shape = `${styles.gate} ${frame === undefined ? styles.flat : ""}`;
  if (message.file !== null) {
    if (local !== null && broken !== local) return children(local, () => setBroken(local));
    return (
      <div className={shape} style={frame}>
        {icon}
        <span>{name}</span>
      </div>
    );
  }
  if (broken === url || !isWebUrl(url)) {
    return (
      <div className={shape} style={frame}>
        {icon}
        <span>{t("kinds.broken", { host })}</span>
      </div>
    );
  }
  const failed = () => {
    setBroken(url);
    renew(url);
  };
  if (allowed) return children(url, failed);
  return (
    <button type="button" className={shape} style={frame} title={t("kinds.alwaysHint")} onClick={() => allowMedia(url)}>
      {icon}
      <strong>{facts === "" ? name : `${name} · ${facts}`}</strong>
      <span className={styles.load}>
        <Download size={15} aria-hidden="true" />
        {t("kinds.load", { host })}
      </span>
    </button>
  );
}

interface ImageViewProps {
  readonly message: Message;
  readonly content: Of<"IMAGE">;
}

export function ImageView({ message, content }: ImageViewProps) {
  const { t } = useTranslation();
  const { url, large } = content;
  // Before the server has measured it, the picture itself knows.
  const [natural, setNatural] = useState<{ readonly width: number; readonly height: number } | null>(null);
  const { width, height } = content.width === null && natural !== null ? natural : content;
  const frame = frameOf(width, height);
  const icon = <ImageIcon size={26} aria-hidden="true" />;
  return (
    <Gate message={message} url={large?.url ?? url} name={t("kinds.image")} icon={icon} frame={frame}>
      {(source, failed) => (
        <MediaLink message={message} url={url || source} className={styles.picture} style={frame}>
          <img
            src={source}
            alt={t("kinds.zoom")}
            referrerPolicy="no-referrer"
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setNatural({ width: naturalWidth, height: naturalHeight })
            }
            onError={failed}
          />
        </MediaLink>
      )}
    </Gate>
  );
}

interface PlayedProps<Type extends "SOUND" | "VIDEO"> {
  readonly message: Message;
  readonly content: Of<Type>;
  readonly format: Format;
}

export function SoundView({ message, content, format }: PlayedProps<"SOUND">) {
  const { t } = useTranslation();
  const { url, durationMs } = content;
  const length = format.duration(durationMs);
  return (
    <Gate
      message={message}
      url={url}
      name={t("kinds.sound")}
      facts={length}
      icon={<Mic size={22} aria-hidden="true" />}
    >
      {(source, failed) => (
        <div className={styles.sound}>
          <SoundPlayer src={source} aria-label={`${t("kinds.sound")}, ${length}`} onError={failed} />
        </div>
      )}
    </Gate>
  );
}

export function VideoView({ message, content, format }: PlayedProps<"VIDEO">) {
  const { t } = useTranslation();
  const { url, durationMs, width, height, cover } = content;
  const frame = frameOf(width, height);
  const length = format.duration(durationMs);
  const coverAllowed = useMediaAllowed(cover?.url ?? "");
  return (
    <Gate
      message={message}
      url={url}
      name={t("kinds.video")}
      facts={length}
      icon={<Film size={26} aria-hidden="true" />}
      frame={frame}
    >
      {(source, failed) => (
        <VideoPlayer
          className={styles.video}
          style={frame}
          poster={coverAllowed ? cover?.url : undefined}
          src={source}
          aria-label={`${t("kinds.video")}, ${length}`}
          onError={failed}
        />
      )}
    </Gate>
  );
}
