/** Somebody's picture, or initials in a colour of their own. */
import { useState } from "react";
import styles from "./avatar.module.css";
import { useMediaAllowed } from "./media-policy.ts";
import { colourOf, initialsOf, nameOf } from "./names.ts";

interface AvatarProps {
  readonly of: { readonly id: string; readonly nickname: string | null; readonly avatarUrl: string | null };
  readonly size?: "small" | "medium" | "large";
  readonly online?: boolean;
}

export function Avatar({ of: person, size = "medium", online = false }: AvatarProps) {
  const { avatarUrl } = person;
  const [broken, setBroken] = useState<string | null>(null);
  const allowed = useMediaAllowed(avatarUrl ?? "");
  const shown = avatarUrl !== null && allowed && broken !== avatarUrl;
  return (
    // The name stands beside it.
    <span className={`${styles.avatar} ${styles[size]}`} data-colour={colourOf(person.id)} aria-hidden="true">
      {shown ? (
        <img src={avatarUrl} alt="" referrerPolicy="no-referrer" onError={() => setBroken(avatarUrl)} />
      ) : (
        <span className={styles.initials}>{initialsOf(nameOf(person))}</span>
      )}
      {online && <span className={styles.online} />}
    </span>
  );
}
