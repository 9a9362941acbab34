/** "My device has kept everything up to this cursor." */
import { announced, type Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import { cursorAt, readPlace } from "./live/places.ts";
import { limitChanges } from "./permissions.ts";
import type { Viewer } from "./viewer.ts";

export function createAcknowledging(core: Core) {
  return {
    /**
     * Moves the device's mark of the subscription that gave the cursor forward; never back.
     * @returns the cursor of the mark as it is then
     * @throws Refusal BAD_USER_INPUT for no cursor of this user's log, CURSOR_EXPIRED for one from before a restore
     */
    async acknowledge(viewer: Viewer, cursor: string): Promise<string> {
      limitChanges(core, viewer);
      const { userId, deviceId } = viewer;
      const { head } = await core.store.logState(userId, deviceId);
      const place = readPlace(core, userId, cursor, head);
      if (!place.current) {
        throw new Refusal("CURSOR_EXPIRED", "The server was restored since; subscribe again and use its new cursors.");
      }
      const { stream, position } = place;
      const marked = announced(
        core,
        await core.store.acknowledge(userId, deviceId, stream, position, core.timekeeper.latest()),
      );
      return cursorAt(core, userId, stream, marked.position);
    },
  };
}
