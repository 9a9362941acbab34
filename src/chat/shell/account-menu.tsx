/** The user's own picture, and what belongs to the account. */

import { useTranslation } from "react-i18next";
import { Avatar } from "../shared/avatar.tsx";
import { useSession } from "../shared/chat-context.ts";
import { Keyboard, LogOut, Settings, UserRound, Users } from "../shared/icons.ts";
import { Menu, MenuItem, MenuSeparator } from "../shared/menu.tsx";
import { nameOf } from "../shared/names.ts";
import { usePerson } from "../shared/use-person.ts";
import styles from "./account-menu.module.css";

interface AccountMenuProps {
  readonly user: string;
  readonly onDialog: (dialog: "profile" | "people" | "settings" | "shortcuts") => void;
}

export function AccountMenu({ user, onDialog }: AccountMenuProps) {
  const { t } = useTranslation();
  const { signOut } = useSession();
  const me = usePerson(user).user ?? { id: user, nickname: null, avatarUrl: null };
  const name = nameOf(me);
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className={styles.account} aria-label={t("account.menu", { name })} title={name}>
          <Avatar of={me} size="small" />
        </button>
      }
    >
      <MenuItem icon={UserRound} hint={user} onSelect={() => onDialog("profile")}>
        {t("account.profile")}
      </MenuItem>
      <MenuItem icon={Users} onSelect={() => onDialog("people")}>
        {t("account.people")}
      </MenuItem>
      <MenuItem icon={Settings} onSelect={() => onDialog("settings")}>
        {t("account.settings")}
      </MenuItem>
      <MenuItem icon={Keyboard} hint="?" onSelect={() => onDialog("shortcuts")}>
        {t("account.shortcuts")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={LogOut} danger onSelect={signOut}>
        {t("account.signOut")}
      </MenuItem>
    </Menu>
  );
}
