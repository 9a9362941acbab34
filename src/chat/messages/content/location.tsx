/** A place: drawn on a map of the page's own, since asking another host for one would tell it where people meet. */

import { useTranslation } from "react-i18next";
import type { MessageContent } from "../../../client/index.ts";
import type { Format } from "../../shared/format.ts";
import { MapPin } from "../../shared/icons.ts";
import styles from "./content.module.css";
import { LAND } from "./land.ts";

interface LocationViewProps {
  readonly content: Extract<MessageContent, { readonly type: "LOCATION" }>;
  readonly format: Format;
}

/** Degrees that the map shows. */
const WIDE = 76;
const HIGH = 38;
const LINES = Array.from({ length: 25 }, (_, index) => (index - 12) * 15);

export function LocationView({ content, format }: LocationViewProps) {
  const { t } = useTranslation();
  const { name, latitude, longitude } = content;
  const coordinates = format.coordinates(latitude, longitude);
  const top = Math.min(Math.max(-latitude - HIGH / 2, -90), 90 - HIGH);
  const place = { x: longitude, y: -latitude };
  const map = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=14/${latitude}/${longitude}`;
  return (
    <div className={styles.location}>
      <svg
        className={styles.map}
        viewBox={`${longitude - WIDE / 2} ${top} ${WIDE} ${HIGH}`}
        role="img"
        aria-label={t("kinds.place", { name, coordinates })}
      >
        {/* Thrice, so that there is land on both sides of the date line. */}
        {[-360, 0, 360].map((shift) => (
          <path key={shift} className={styles.land} d={LAND} transform={`translate(${shift} 0)`} />
        ))}
        {LINES.map((degrees) => (
          <path key={degrees} className={styles.grid} d={`M${degrees * 2} -90v180M-540 ${degrees}h1080`} />
        ))}
        <circle className={styles.halo} cx={place.x} cy={place.y} r="4" />
        <circle className={styles.pin} cx={place.x} cy={place.y} r="1.3" />
      </svg>
      <div className={styles.place}>
        <MapPin size={18} aria-hidden="true" />
        <span>
          {name !== "" && <strong>{name}</strong>}
          <span className={styles.coordinates}>{coordinates}</span>
        </span>
      </div>
      <a className={styles.openMap} href={map} target="_blank" rel="noopener noreferrer">
        {t("kinds.openMap")}
      </a>
    </div>
  );
}
