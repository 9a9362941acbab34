/** A voice note: it records from the moment it is shown, and is sent or thrown away. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../shared/format.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { SendHorizontal, Trash2 } from "../shared/icons.ts";
import styles from "./voice-recorder.module.css";

/** What browsers record, and the server takes, the better first. */
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
/** Milliseconds after which it takes no more: what is longer is a recording, not a note. */
const LONGEST = 15 * 60_000;

interface VoiceRecorderProps {
  readonly onSend: (note: Blob) => void;
  /** It is over, sent or not. */
  readonly onClose: () => void;
  readonly onFailed: (error: unknown) => void;
}

export function VoiceRecorder({ onSend, onClose, onFailed }: VoiceRecorderProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [since, setSince] = useState<number | null>(null);
  const [now, setNow] = useState(0);
  const recorder = useRef<MediaRecorder | null>(null);
  const wanted = useRef(false);
  const told = useRef({ onSend, onClose, onFailed });
  told.current = { onSend, onClose, onFailed };

  useEffect(() => {
    let left = false;
    let stream: MediaStream | null = null;
    const begin = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (left) return stop();
      const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
      const recording = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
      const parts: Blob[] = [];
      recording.addEventListener("dataavailable", ({ data }) => parts.push(data));
      recording.addEventListener("stop", () => {
        stop();
        const type = recording.mimeType.split(";")[0] ?? "";
        if (wanted.current) told.current.onSend(new Blob(parts, { type }));
        if (!left) told.current.onClose();
      });
      recorder.current = recording;
      recording.start();
      setSince(performance.now());
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    begin().catch((error) => {
      if (left) return;
      told.current.onFailed(error);
      told.current.onClose();
    });
    return () => {
      left = true;
      stop();
    };
  }, []);

  const elapsed = since === null ? 0 : Math.max(0, now - since);
  useEffect(() => {
    if (since === null) return;
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, [since]);

  const end = (send: boolean) => {
    wanted.current = send;
    const { current: recording } = recorder;
    if (recording === null || recording.state === "inactive") onClose();
    else recording.stop();
  };
  const tooLong = elapsed >= LONGEST;
  useEffect(() => {
    if (tooLong && recorder.current?.state === "recording") recorder.current.pause();
  }, [tooLong]);

  return (
    <fieldset className={styles.recorder} aria-label={t("voice.title")}>
      <IconButton icon={Trash2} label={t("voice.discard")} onClick={() => end(false)} />
      <div className={styles.state} role="timer">
        <i className={styles.light} data-on={since !== null && !tooLong} aria-hidden="true" />
        <span>{since === null ? t("voice.waiting") : t("voice.recording")}</span>
        <strong>{format.duration(elapsed)}</strong>
      </div>
      <IconButton
        icon={SendHorizontal}
        label={t("voice.send")}
        className={styles.send}
        disabled={since === null}
        onClick={() => end(true)}
      />
    </fieldset>
  );
}
