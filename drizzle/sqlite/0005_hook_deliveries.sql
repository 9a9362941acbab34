CREATE TABLE `hook_deliveries` (
	`id` integer PRIMARY KEY NOT NULL,
	`hook` text NOT NULL,
	`event_id` integer NOT NULL,
	`kind` text NOT NULL,
	`at` integer NOT NULL,
	`user_id` text NOT NULL,
	`other_id` text NOT NULL,
	`conversation_id` integer,
	`seq` integer,
	`pair` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`queued_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`taken` integer DEFAULT 0 NOT NULL,
	`dead` integer DEFAULT 0 NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `hook_deliveries_by_event` ON `hook_deliveries` (`hook`,`event_id`);--> statement-breakpoint
CREATE INDEX `hook_deliveries_waiting` ON `hook_deliveries` (`hook`,`due_at`) WHERE "hook_deliveries"."dead" = 0;--> statement-breakpoint
CREATE INDEX `hook_deliveries_by_pair` ON `hook_deliveries` (`hook`,`pair`,`id`) WHERE "hook_deliveries"."dead" = 0;--> statement-breakpoint
CREATE INDEX `hook_deliveries_by_age` ON `hook_deliveries` (`queued_at`);