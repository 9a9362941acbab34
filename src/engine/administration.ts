/** Settings, which live in the store and change while the server runs. */

import { auditEntry, recordLook } from "./audit.ts";
import type { Core } from "./core.ts";
import { readChange, type Settings, type SettingsChange } from "./settings.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

export function createAdministration(core: Core) {
  return {
    /** @throws Refusal FORBIDDEN */
    async settings(viewer: Viewer): Promise<Settings> {
      requireAdmin(viewer, "`settings`");
      await recordLook(core, viewer, "settings", null, "");
      return core.settings;
    },

    /** @throws Refusal FORBIDDEN, BAD_USER_INPUT */
    async updateSettings(viewer: Viewer, change: SettingsChange): Promise<Settings> {
      requireAdmin(viewer, "`updateSettings`");
      const changed = readChange(change);
      const audit = auditEntry(core, viewer, "updateSettings", null, JSON.stringify(changed));
      await core.store.saveSettings(changed, audit);
      core.settings = { ...core.settings, ...changed };
      core.cluster?.settingsChanged();
      return core.settings;
    },
  };
}
