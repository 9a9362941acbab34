CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`server_id` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `presences` (
	`user_id` text NOT NULL,
	`server_id` text NOT NULL,
	PRIMARY KEY(`user_id`, `server_id`)
);
--> statement-breakpoint
CREATE TABLE `servers` (
	`id` text PRIMARY KEY NOT NULL,
	`until` integer NOT NULL
);
