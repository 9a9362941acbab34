/** Why something did not work, told at once to who listens; nothing where there is nothing to tell. */

import ui from "./ui.module.css";

export function Problem({ reason }: { readonly reason: string | null }) {
  if (reason === null) return null;
  return (
    <p className={ui.error} role="alert">
      {reason}
    </p>
  );
}
