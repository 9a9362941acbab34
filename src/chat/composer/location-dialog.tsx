/** A place to send: where the browser says one is, or any other. */

import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import { LocationView } from "../messages/content/location.tsx";
import { Dialog } from "../shared/dialog.tsx";
import { useFormat } from "../shared/format.ts";
import { LocateFixed } from "../shared/icons.ts";
import { Problem } from "../shared/problem.tsx";
import ui from "../shared/ui.module.css";
import { SendButton } from "./send-button.tsx";

interface LocationDialogProps {
  readonly onSend: (content: ContentInput) => void;
  readonly onClose: () => void;
}

export function LocationDialog({ onSend, onClose }: LocationDialogProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [name, setName] = useState("");
  const [latitude, setLatitude] = useState("");
  const [longitude, setLongitude] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  const locate = () => {
    setProblem(null);
    if (!("geolocation" in navigator)) return setProblem(t("attach.noPosition"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLatitude(coords.latitude.toFixed(5));
        setLongitude(coords.longitude.toFixed(5));
      },
      () => setProblem(t("attach.noPosition")),
    );
  };
  const place = { name: name.trim(), latitude: Number(latitude), longitude: Number(longitude) };
  const complete = latitude !== "" && longitude !== "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    // A form within a form's dialog: only this one is sent.
    event.stopPropagation();
    onSend({ location: place });
  };
  return (
    <Dialog title={t("attach.location")} onClose={onClose}>
      <form className={ui.form} onSubmit={send}>
        <label className={ui.field}>
          {t("attach.place")}
          <input value={name} maxLength={200} required onChange={(event) => setName(event.target.value)} />
        </label>
        <div className={ui.row}>
          <label className={ui.field}>
            {t("attach.latitude")}
            <input
              type="number"
              inputMode="decimal"
              min={-90}
              max={90}
              step="any"
              required
              value={latitude}
              onChange={(event) => setLatitude(event.target.value)}
            />
          </label>
          <label className={ui.field}>
            {t("attach.longitude")}
            <input
              type="number"
              inputMode="decimal"
              min={-180}
              max={180}
              step="any"
              required
              value={longitude}
              onChange={(event) => setLongitude(event.target.value)}
            />
          </label>
        </div>
        {complete && Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180 && (
          <LocationView content={{ type: "LOCATION", summary: "", ...place }} format={format} />
        )}
        <Problem reason={problem} />
        <div className={ui.actions}>
          <button type="button" className={ui.button} onClick={locate}>
            <LocateFixed size={18} aria-hidden="true" />
            {t("attach.here")}
          </button>
          <SendButton />
        </div>
      </form>
    </Dialog>
  );
}
