CREATE TABLE `erasures` (
	`id` integer PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`started_by` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`messages` integer DEFAULT 0 NOT NULL,
	`seq` integer DEFAULT 0 NOT NULL,
	`searched` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `erasures_running` ON `erasures` (`user_id`) WHERE "erasures"."finished_at" is null;--> statement-breakpoint
CREATE INDEX `erasures_by_age` ON `erasures` (`finished_at`);--> statement-breakpoint
ALTER TABLE `messages` ADD `erased_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `erased_at` integer;