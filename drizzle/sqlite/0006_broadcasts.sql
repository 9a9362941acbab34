CREATE TABLE `broadcasts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`state` text NOT NULL,
	`started_by` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`message` text NOT NULL,
	`recipients` text,
	`per_second` integer NOT NULL,
	`key` text,
	`fingerprint` text NOT NULL,
	`total` integer NOT NULL,
	`sent` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`failures` text DEFAULT '{}' NOT NULL,
	`position` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `broadcasts_by_key` ON `broadcasts` (`key`) WHERE "broadcasts"."key" is not null;--> statement-breakpoint
CREATE INDEX `broadcasts_running` ON `broadcasts` (`id`) WHERE "broadcasts"."state" = 'RUNNING';--> statement-breakpoint
CREATE INDEX `broadcasts_by_age` ON `broadcasts` (`finished_at`);