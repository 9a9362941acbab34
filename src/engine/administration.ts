/** Settings, which live in the store and change while the server runs. */

import { auditEntry } from "./audit.ts";
import type { Core } from "./core.ts";
import { readChange, type Settings, type SettingsChange } from "./settings.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

export function createAdministration(core: Core) {
  return {
    /** @throws Refusal FORBIDDEN */
    settings(viewer: Viewer): Settings {
      requireAdmin(viewer, "`settings`");
      return core.settings;
    },

    /** @throws Refusal FORBIDDEN, BAD_USER_INPUT */
    async updateSettings(viewer: Viewer, change: SettingsChange): Promise<Settings> {
      requireAdmin(viewer, "`updateSettings`");
      const changed = readChange(change);
      await core.store.saveSettings(changed, auditEntry(core, viewer, "updateSettings", JSON.stringify(changed)));
      core.settings = { ...core.settings, ...changed };
      return core.settings;
    },
  };
}
