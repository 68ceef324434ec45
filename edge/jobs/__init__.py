"""What the box does by itself: one file a job, each `run(store, settings, now)`."""
