/** A button that shows a picture and says its name. */

import type { ComponentProps } from "react";
import type { LucideIcon } from "./icons.ts";
import ui from "./ui.module.css";

interface IconButtonProps extends ComponentProps<"button"> {
  readonly icon: LucideIcon;
  readonly label: string;
}

export function IconButton({ icon: Icon, label, className = "", ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`${ui.iconButton} ${className}`} aria-label={label} title={label} {...rest}>
      <Icon size={20} aria-hidden="true" />
    </button>
  );
}
