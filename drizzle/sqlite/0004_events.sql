CREATE TABLE `event_readers` (
	`name` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`at` integer NOT NULL,
	`user_id` text NOT NULL,
	`other_id` text NOT NULL,
	`conversation_id` integer,
	`seq` integer
);
