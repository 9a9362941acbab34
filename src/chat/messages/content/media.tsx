/** Pictures, sounds and videos: shown at once from this server, from others when the user wants them. */

import { type CSSProperties, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MessageContent } from "../../../client/index.ts";
import type { Format } from "../../shared/format.ts";
import { Download, Film, ImageIcon, Mic } from "../../shared/icons.ts";
import { allowMedia, hostOf, isWebUrl, useMediaAllowed } from "../../shared/media-policy.ts";
import { SoundPlayer, VideoPlayer } from "../../shared/players.tsx";
import styles from "./content.module.css";

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
  readonly url: string;
  readonly name: string;
  readonly icon: ReactNode;
  readonly facts?: string;
  readonly frame?: CSSProperties;
  readonly children: (failed: () => void) => ReactNode;
}

/** Asks before it loads from another host. */
function Gate({ url, name, icon, facts = "", frame, children }: GateProps) {
  const { t } = useTranslation();
  const allowed = useMediaAllowed(url);
  const [broken, setBroken] = useState(false);
  const host = hostOf(url);
  const shape = `${styles.gate} ${frame === undefined ? styles.flat : ""}`;
  if (broken || !isWebUrl(url)) {
    return (
      <div className={shape} style={frame}>
        {icon}
        <span>{t("kinds.broken", { host })}</span>
      </div>
    );
  }
  if (allowed) return children(() => setBroken(true));
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

export function ImageView({ content }: { readonly content: Of<"IMAGE"> }) {
  const { t } = useTranslation();
  const { url, width, height, large, thumbnail } = content;
  const frame = frameOf(width, height);
  const shown = large?.url ?? thumbnail?.url ?? url;
  return (
    <Gate url={shown} name={t("kinds.image")} icon={<ImageIcon size={26} aria-hidden="true" />} frame={frame}>
      {(failed) => (
        <a className={styles.picture} style={frame} href={url} target="_blank" rel="noopener noreferrer">
          <img src={shown} alt={t("kinds.zoom")} referrerPolicy="no-referrer" onError={failed} />
        </a>
      )}
    </Gate>
  );
}

interface PlayedProps<Type extends "SOUND" | "VIDEO"> {
  readonly content: Of<Type>;
  readonly format: Format;
}

export function SoundView({ content, format }: PlayedProps<"SOUND">) {
  const { t } = useTranslation();
  const { url, durationMs } = content;
  const length = format.duration(durationMs);
  return (
    <Gate url={url} name={t("kinds.sound")} facts={length} icon={<Mic size={22} aria-hidden="true" />}>
      {(failed) => (
        <div className={styles.sound}>
          <SoundPlayer src={url} aria-label={`${t("kinds.sound")}, ${length}`} onError={failed} />
        </div>
      )}
    </Gate>
  );
}

export function VideoView({ content, format }: PlayedProps<"VIDEO">) {
  const { t } = useTranslation();
  const { url, durationMs, width, height, cover } = content;
  const frame = frameOf(width, height);
  const length = format.duration(durationMs);
  const coverAllowed = useMediaAllowed(cover?.url ?? "");
  return (
    <Gate url={url} name={t("kinds.video")} facts={length} icon={<Film size={26} aria-hidden="true" />} frame={frame}>
      {(failed) => (
        <VideoPlayer
          className={styles.video}
          style={frame}
          poster={coverAllowed ? cover?.url : undefined}
          src={url}
          aria-label={`${t("kinds.video")}, ${length}`}
          onError={failed}
        />
      )}
    </Gate>
  );
}
