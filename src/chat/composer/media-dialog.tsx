/** Media to send by its URL. The server fetches nothing, so whoever sends it says what it is. */
import { type FormEvent, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import { Dialog } from "../shared/dialog.tsx";
import { isWebUrl } from "../shared/media-policy.ts";
import { SoundPlayer, VideoPlayer } from "../shared/players.tsx";
import ui from "../shared/ui.module.css";
import styles from "./media-dialog.module.css";
import { SendButton } from "./send-button.tsx";

const KINDS = ["image", "file", "sound", "video"] as const;
type MediaKind = (typeof KINDS)[number];

interface MediaDialogProps {
  readonly onSend: (content: ContentInput) => void;
  readonly onClose: () => void;
}

interface Facts {
  readonly url: string;
  readonly name: string;
  readonly kilobytes: string;
  readonly seconds: string;
  readonly width: string;
  readonly height: string;
}

const NOTHING: Facts = { url: "", name: "", kilobytes: "", seconds: "", width: "", height: "" };
const FALLBACK_FORMATS = { image: "jpeg", video: "mp4", sound: "mp3", file: "bin" } as const;

function lastPart(url: string): string {
  if (!URL.canParse(url)) return "";
  const part = new URL(url).pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function formatOf(url: string, kind: MediaKind): string {
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(lastPart(url))?.[1]?.toLowerCase();
  return extension === "jpg" ? "jpeg" : (extension ?? FALLBACK_FORMATS[kind]);
}

function toContent(kind: MediaKind, facts: Facts): ContentInput {
  const { url, name } = facts;
  const size = Math.max(1, Math.round(Number(facts.kilobytes) * 1_000));
  const durationMs = Math.round(Number(facts.seconds) * 1_000);
  const [width, height] = [Math.round(Number(facts.width)), Math.round(Number(facts.height))];
  switch (kind) {
    case "image":
      return { image: { url, size, width, height, format: formatOf(url, kind) } };
    case "file":
      return { file: { url, size, name: name.trim() || lastPart(url) || "file" } };
    case "sound":
      return { sound: { url, size, durationMs } };
    case "video":
      return { video: { url, size, durationMs, width, height, format: formatOf(url, kind) } };
    default:
      return kind satisfies never;
  }
}

const FIELDS: Record<MediaKind, readonly ("kilobytes" | "seconds" | "width" | "height")[]> = {
  image: ["width", "height", "kilobytes"],
  file: ["kilobytes"],
  sound: ["seconds", "kilobytes"],
  video: ["width", "height", "seconds", "kilobytes"],
};
const LABELS = {
  kilobytes: "attach.size",
  seconds: "attach.seconds",
  width: "attach.width",
  height: "attach.height",
} as const;

export function MediaDialog({ onSend, onClose }: MediaDialogProps) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<MediaKind>("image");
  const [facts, setFacts] = useState(NOTHING);
  // Not at each key: half a URL is another one.
  const [shown, setShown] = useState("");
  const change = (part: Partial<Facts>) => setFacts((before) => ({ ...before, ...part }));
  const { url } = facts;
  const good = isWebUrl(url);
  const send = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (good) onSend(toContent(kind, facts));
  };
  const measure = ({ currentTarget }: SyntheticEvent<HTMLImageElement | HTMLMediaElement>) => {
    if (currentTarget instanceof HTMLImageElement) {
      change({ width: String(currentTarget.naturalWidth), height: String(currentTarget.naturalHeight) });
      return;
    }
    const seconds = Number.isFinite(currentTarget.duration) ? { seconds: currentTarget.duration.toFixed(1) } : {};
    if (!(currentTarget instanceof HTMLVideoElement)) change(seconds);
    else change({ ...seconds, width: String(currentTarget.videoWidth), height: String(currentTarget.videoHeight) });
  };
  return (
    <Dialog title={t("attach.link")} onClose={onClose}>
      <form className={ui.form} onSubmit={send}>
        <label className={ui.field}>
          {t("attach.kind")}
          <select
            value={kind}
            onChange={({ target }) => setKind(KINDS.find((name) => name === target.value) ?? "image")}
          >
            {KINDS.map((name) => (
              <option key={name} value={name}>
                {t(`kinds.${name}`)}
              </option>
            ))}
          </select>
        </label>
        <label className={ui.field}>
          {t("attach.url")}
          <input
            type="url"
            inputMode="url"
            placeholder="https://"
            required
            maxLength={2_048}
            value={url}
            onChange={(event) => change({ url: event.target.value.trim() })}
            onBlur={() => setShown(good ? url : "")}
          />
          {url !== "" && !good && <span className={ui.error}>{t("attach.badUrl")}</span>}
        </label>
        {kind === "file" && (
          <label className={ui.field}>
            {t("attach.name")}
            <input
              value={facts.name}
              maxLength={255}
              placeholder={lastPart(url)}
              onChange={(event) => change({ name: event.target.value })}
            />
          </label>
        )}
        {shown !== "" && kind !== "file" && (
          <div className={styles.preview}>
            {/* Who sends a URL has seen what lies there. */}
            {kind === "image" && (
              <img src={shown} alt={t("attach.preview")} referrerPolicy="no-referrer" onLoad={measure} />
            )}
            {kind === "sound" && <SoundPlayer src={shown} onLoadedMetadata={measure} />}
            {kind === "video" && <VideoPlayer src={shown} onLoadedMetadata={measure} />}
          </div>
        )}
        <div className={ui.row}>
          {FIELDS[kind].map((field) => (
            <label key={field} className={ui.field}>
              {t(LABELS[field])}
              <input
                type="number"
                inputMode="decimal"
                required
                min={field === "seconds" ? 0 : field === "kilobytes" ? 0.001 : 1}
                step="any"
                value={facts[field]}
                onChange={(event) => change({ [field]: event.target.value })}
              />
            </label>
          ))}
        </div>
        <p className={ui.hint}>{t("attach.hint")}</p>
        <div className={ui.actions}>
          <SendButton />
        </div>
      </form>
    </Dialog>
  );
}
