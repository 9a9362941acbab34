/** Menus: Radix's keyboard and roles, our looks. Not modal, so that nothing is put into the page's styles. */
import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";
import type { LucideIcon } from "./icons.ts";
import ui from "./ui.module.css";

interface MenuProps {
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: "start" | "end";
  readonly side?: "top" | "bottom";
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
  /** Where the focus goes when it closes, if not back to the trigger. */
  readonly onCloseFocus?: () => HTMLElement | null;
}

export function Menu(props: MenuProps) {
  const { trigger, children, align = "end", side = "bottom", onCloseFocus } = props;
  const controlled =
    props.open === undefined ? {} : { open: props.open, onOpenChange: props.onOpenChange ?? (() => {}) };
  return (
    <Radix.Root modal={false} {...controlled}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={ui.menu}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            const target = onCloseFocus?.();
            if (target == null) return;
            event.preventDefault();
            target.focus();
          }}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface MenuItemProps {
  readonly icon: LucideIcon;
  readonly children: ReactNode;
  readonly hint?: string | undefined;
  readonly danger?: boolean;
  readonly onSelect: () => void;
}

export function MenuItem({ icon: Icon, children, hint, danger = false, onSelect }: MenuItemProps) {
  return (
    <Radix.Item className={`${ui.item} ${danger ? ui.itemDanger : ""}`} onSelect={onSelect}>
      <Icon size={18} aria-hidden="true" />
      {children}
      {hint !== undefined && <span className={ui.itemHint}>{hint}</span>}
    </Radix.Item>
  );
}

export function MenuSeparator() {
  return <Radix.Separator className={ui.separator} />;
}
